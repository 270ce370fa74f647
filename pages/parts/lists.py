"""Which worklist is gone through, by which filters, and a new one."""

from dataclasses import replace

import streamlit as st

from pages.parts import gate, resources, state
from pages.parts.person import person
from pages.parts.worklist import first_query
from xattn.archive import worklist
from xattn.archive.store import Archive
from xattn.archive.worklist import Query, Worklist
from xattn.systems import SYSTEMS
from xattn.trust.finding import LEVELS

READ = {"all": None, "unread": True, "read": False}
MARKED = {"all": None, "bookmarked": True}
CHOSEN = "_chosen_list"


def choose(archive: Archive) -> Worklist | None:
    """The list that is gone through, and a choice of another; None where there is none."""
    lists = worklist.lists(archive)
    if not lists:
        return None
    query = state.query()
    numbers = [each.number for each in lists]
    place = numbers.index(query.worklist) if query and query.worklist in numbers else 0
    names = {each.number: named(each) for each in lists}
    chosen = st.selectbox(
        "Worklist",
        numbers,
        index=place,
        format_func=names.__getitem__,
        key=f"{CHOSEN}_{len(lists)}",
        label_visibility="collapsed",
    )
    found = lists[numbers.index(chosen)]
    if query is None or query.worklist != found.number:
        state.choose_query(first_query(found))
    return found


def named(listed: Worklist) -> str:
    """A list's name, what is read on it, and whether first."""
    target = f" · {listed.target}" if listed.target else ""
    first = " · read first" if listed.is_read_first else ""
    return f"{listed.name} · {listed.system}{target}{first}"


def draw_new(archive: Archive) -> None:
    """Make a worklist of a system; read first unless it is said otherwise."""
    with st.popover("New worklist", width="stretch", key=state.widget("new_list")):
        name = st.text_input("Name", max_chars=120, key=state.widget("list_name"))
        systems = tuple(resources.sources())
        system = st.selectbox(
            "System",
            systems,
            index=systems.index(state.system(resources.first_system())),
            format_func=lambda each: SYSTEMS[each].title,
            key=state.widget("list_system"),
        )
        target = _target(system)
        is_first = st.checkbox(
            "Read first: the model's result is shown to a reader after a read of their own",
            value=True,
            key=state.widget("list_first"),
        )
        is_asked = st.button("Make it", type="primary", disabled=not name.strip())
    if is_asked:
        with state.refusals():
            number = archive.worklist(
                person(), name.strip(), system, is_read_first=is_first, target=target
            )
            state.choose_query(Query(worklist=number))
            state.renew_widgets()
        st.rerun()


def _target(system: str) -> str:
    """What is read, where the system says several things."""
    row = SYSTEMS[system]
    names = [target.name for target in row.targets]
    if len(names) < 2:
        return names[0]
    place = row.default_target
    return str(st.selectbox("Finding", names, index=place, key=state.widget(f"list_{system}")))


def draw_filters(query: Query) -> Query:
    """Which cases of the list are gone through; the order stays."""
    text, read, marked, level = st.columns([2.2, 1.6, 1.4, 2])
    wanted = text.text_input(
        "Title or note", value=query.text, placeholder="in title or my note",
        key=state.widget(f"find_{query.worklist}"),
    )  # fmt: skip
    chosen_read = read.segmented_control(
        "My reads", READ, default=_name(READ, query.is_unread), key=_key("unread", query)
    )
    chosen_mark = marked.segmented_control(
        "Bookmarks", MARKED, default=_name(MARKED, query.is_marked), key=_key("marked", query)
    )
    chosen_level = level.segmented_control(
        "Gate", ("all", *LEVELS), default=query.level or "all", key=_key("level", query),
        format_func=lambda each: gate.LEVELS.get(each, each),
    )  # fmt: skip
    filtered = replace(
        query,
        text=wanted.strip(),
        is_unread=READ[chosen_read or "all"],
        is_marked=MARKED[chosen_mark or "all"],
        level=next((level for level in LEVELS if level == chosen_level), None),
    )
    state.choose_query(filtered)
    return filtered


def _name(choices: dict[str, bool | None], value: bool | None) -> str:  # noqa: FBT001  # a state
    return next(name for name, meant in choices.items() if meant == value)


def _key(name: str, query: Query) -> str:
    return state.widget(f"{name}_{query.worklist}")
