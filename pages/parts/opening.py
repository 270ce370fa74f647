"""Opening a case: a sample, an upload, or a form from a file."""

import streamlit as st

from pages.parts import going, keeping, resources, state, viewer
from pages.parts.film import Texture, texture
from pages.parts.form import forms_of_file
from pages.parts.resources import sample_cases, sources
from xattn.data.clinical import Form
from xattn.data.intake import read_image
from xattn.records import Case
from xattn.runtime.engine import Engine
from xattn.systems import SYSTEMS


def draw_opening(engine: Engine) -> None:
    """Choose a system, and a sample or an upload; either begins another case with its own form."""
    system = engine.model.system
    _draw_systems(system.name)
    samples = {sample.title: sample for sample in sample_cases(system.name)}
    if samples:
        title = st.selectbox(
            "Sample case", samples, index=None, key=state.widget("sample"), placeholder="choose"
        )
        if title:
            with state.refusals():
                case = resources.read_sample(engine, samples[title])
                _open(case, texture(case.film.radiograph), title)
            st.rerun()
    upload = st.file_uploader(
        f"{system.film} (DICOM, PNG or JPEG)",
        key=state.widget("film"),
        help="The file stays on this machine; its name and the patient's are not shown or kept.",
    )
    if upload is not None:
        with state.refusals(), st.spinner("Reading the film"):
            radiograph = read_image(upload.getvalue())
            film = texture(radiograph)
            viewer.name(film)  # the browser takes it in while the rest is made
            _open(engine.case(radiograph), film, "uploaded film")
        st.rerun()


def _draw_systems(current: str) -> None:
    names = list(sources())
    if len(names) < 2:
        return
    chosen = st.segmented_control(
        "System",
        names,
        default=current,
        format_func=lambda name: SYSTEMS[name].title,
        key=state.widget("system"),
        width="stretch",
    )
    if chosen and chosen != current:
        state.choose_system(chosen)
        st.rerun()


def draw_form_file(engine: Engine, case: Case) -> None:
    """Fill the form from a CSV or JSON file; of a table one row is chosen."""
    upload = st.file_uploader(
        "Form from CSV or JSON", type=["csv", "json"], key=state.widget("form_file")
    )
    if upload is None:
        return
    forms: tuple[Form, ...] = ()
    with state.refusals():
        forms = forms_of_file(engine.schema, upload.getvalue())
    if not forms:
        st.rerun()
    row = 1
    if len(forms) > 1:
        row = int(st.number_input("Row of the table", 1, len(forms), key=state.widget("row")))
        if not st.button("Use this row", key=state.widget("use_row")):
            return
    state.change_case(case.with_form(forms[row - 1]))
    state.renew_widgets()
    st.rerun()


def _open(case: Case, film: Texture, title: str) -> None:
    """Open a case; where its film is kept and waits to be read first, that one."""
    if (waiting := keeping.waits(case)) is not None:
        going.open_number(waiting)
        state.tell(keeping.WAITS)
        return
    state.open_case(case, title=title, texture=film)
