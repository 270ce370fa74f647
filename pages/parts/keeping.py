"""Keeping an opened film in a worklist, and the films that wait to be read first."""

import streamlit as st

from pages.parts import going, kept, panels, resources, state
from pages.parts.person import person
from pages.parts.state import Reading, Shown
from pages.parts.work import Work
from xattn.archive import reading, worklist
from xattn.archive.store import Archive
from xattn.archive.worklist import Worklist
from xattn.errors import ArchiveError
from xattn.records import Case
from xattn.runtime.grading import grades

SEEN = (
    "This list is read first, and you have seen the result: others can read the case there, you "
    "cannot."
)
KEEPING = "Keep this case in a worklist"
NO_LIST = "There is no worklist of this system yet; make one on the page Worklist."
WAITS = "This film waits in a worklist that is read first; it was opened there."


def draw_keeping(current: Reading, work: Work, shown: Shown, *, is_seen: bool) -> None:
    """Keep the case in hand, with what was computed, in a worklist of its system."""
    with st.popover("Keep", width="stretch", key=state.widget("keeping"), help=KEEPING):
        try:
            archive = resources.archive()
        except ArchiveError as error:
            st.html(panels.warning(str(error)))
            return
        lists = [each for each in worklist.lists(archive) if each.system == current.case.system]
        if not lists:
            st.caption(NO_LIST)
            return
        chosen = st.selectbox("Worklist", lists, format_func=lambda each: each.name)
        title = st.text_input("Title", value=current.title, max_chars=200)
        if chosen.is_read_first and is_seen:
            st.caption(SEEN)
        if st.button("Keep", type="primary", key=state.widget("keep")):
            with state.refusals():
                number = _added(archive, chosen, work, title)
                if is_seen:
                    _hand_over(archive, number, work, shown)
                going.open_number(number)
            st.rerun()


def waits(case: Case) -> int | None:
    """The kept case of the same film that the person has yet to read first; None where none is."""
    try:
        archive = resources.archive()
    except ArchiveError:
        return None
    return worklist.waiting(archive, person(), case.film.radiograph.pixel_sha256)


def _added(archive: Archive, chosen: Worklist, work: Work, title: str) -> int:
    form = work.engine.schema.plain(work.case.form)
    return archive.add(person(), chosen.number, work.case, title=title, form=form)


def _hand_over(archive: Archive, number: int, work: Work, shown: Shown) -> None:
    """Keep what was shown of the case before it was kept, and that it was."""
    reading.hand_over(archive, person(), number, kept.results_of(work, shown), shown.tries)
    assessment = work.belief(shown).assessment
    if shown.prediction and assessment:
        archive.grade(number, grades(shown.prediction, assessment))
