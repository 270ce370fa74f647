"""A cohort on the page: who is asked, how far it is, the figures, and the way to a case."""

from html import escape
from pathlib import Path

import platformdirs
import streamlit as st

from pages.parts import checkpoints, cohort_run, going, lists, panels, resources, state
from pages.parts.background import follow
from pages.parts.cohort_run import CohortRun, Wanted
from pages.parts.film import texture
from pages.parts.person import person
from xattn.archive.worklist import Worklist
from xattn.errors import SchemaError
from xattn.runtime.cohort import CohortCase, Settings
from xattn.runtime.cohort_keeping import InArchive, InFolder
from xattn.runtime.cohort_members import looking, of_manifest, of_worklist
from xattn.runtime.engine import Engine

REVIEW = "pages/review.py"
LIST, MANIFEST = "Worklist", "Manifest"
NO_SECOND = "none"
TAKES = (
    "Regions, interactions and the evidence of maps: about ten seconds for each new case on two "
    "cores, nothing for those that were computed before."
)


def draw_asking() -> None:
    """One line: which cases, with regions or without, a second checkpoint, and the start."""
    with st.container(
        key="cohort_asked", horizontal=True, vertical_alignment="bottom", gap="small"
    ):
        source = LIST
        if "administrator" in person().roles:
            source = st.segmented_control(
                "Cases of", (LIST, MANIFEST), default=LIST, key="_cohort_source", required=True
            )  # fmt: skip
        listed = _draw_list() if source == LIST else None
        table, system = ("", listed.system if listed else "") if source == LIST else _draw_table()
        if not system:
            return
        others = checkpoints.known(system, resources.shipped_models())
        second = st.selectbox(
            "Second checkpoint",
            (NO_SECOND, *others),
            key=f"_cohort_second_{system}",
            help="Reads the same cases; differences are paired. More are loaded on Models.",
        )
        has_regions = st.checkbox("With regions", key="_cohort_regions", help=TAKES)
        if not st.button("Run", type="primary", key="_cohort_run"):
            return
    with state.refusals():
        engines = [resources.engine(system)]
        if second != NO_SECOND:
            engines.append(resources.engine_of(others[second]))
        _start(tuple(engines), listed, table, has_regions=has_regions)
    st.rerun()


def draw_progress(run: CohortRun) -> None:
    """How far it is with a way to stop it; and, at its end, what was left out."""
    if run.is_running:
        follow(run, "_cohort_cancel")
        return
    if run.problem:
        st.error(run.problem)
    st.html(f'<p class="note">{escape(told(run))}</p>')


def told(run: CohortRun) -> str:
    """Of whom the figures are, and who is not among them, in one line."""
    cohort, count = run.wanted.cohort, len(run.cases[0])
    parts = [f"{cohort.title}: {count} of {len(cohort.members)} cases, {cohort.target}"]
    if run.stop.is_set():
        parts.append("stopped; run again to go on")
    parts += [f"{number} left out: {reason}" for reason, number in cohort.left_out]
    if run.refused:
        first = next(iter(run.refused.items()))
        parts.append(f"{len(run.refused)} refused, first {first[0]}: {first[1]}")
    if not cohort.has_truth:
        parts.append("no reference standard: nothing is said of performance, calibration, errors")
    return " · ".join(parts)


def open_case(run: CohortRun, case: CohortCase) -> None:
    """Show a case on the case page; a refusal is a sentence here."""
    with state.refusals():
        if case.member.number is not None:
            going.open_number(case.member.number)
        else:
            _open_row(run.wanted.engines[0], case)
        st.switch_page(REVIEW)
    st.rerun()


def _open_row(engine: Engine, case: CohortCase) -> None:
    film = case.member.read()
    made = engine.case(film, case.member.form, box=case.member.box)
    state.choose_system(engine.model.system.name)
    state.choose_target(case.prediction.target.name)
    state.open_case(made, title=case.member.name, texture=texture(film))


def _draw_list() -> Worklist | None:
    archive = resources.archive()
    listed = lists.choose(archive)
    if listed is None:
        st.html(panels.warning("There is no worklist yet; make one on the page Worklist."))
    return listed


def _draw_table() -> tuple[str, str]:
    """The path of a manifest and the system that reads it."""
    table = st.text_input(
        "Manifest", key="_cohort_table", placeholder="/films/list.csv",
        help="A CSV image,patient,FIELDS,LABELS of this machine, beside its films.",
    )  # fmt: skip
    systems = tuple(resources.sources())
    own = state.system(resources.first_system())
    system = st.selectbox("System", systems, index=systems.index(own), key="_cohort_system")
    return table, str(system)


def _start(
    engines: tuple[Engine, ...], listed: Worklist | None, table: str, *, has_regions: bool
) -> None:
    settings = Settings(has_regions=has_regions, owner=state.owner())
    first = engines[0].model
    if listed is not None:
        archive, who = resources.archive(), looking(person())
        cohort = of_worklist(archive, who, listed.number, first)
        cohort_run.start(Wanted(engines, cohort, InArchive(archive, who), settings))
        return
    person().require("administrator")
    path = Path(table).expanduser()
    if not table or not path.is_file():
        raise SchemaError("A manifest of this machine was expected; give its path from the root.")
    folder = Path(platformdirs.user_data_dir("xattn")) / "cohorts"
    cohort_run.start(Wanted(engines, of_manifest(path, first), InFolder(folder), settings))
