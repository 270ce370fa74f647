"""A shipped case read once behind the first page: what loads on first use is there by then."""

import logging
from threading import Thread

import streamlit as st
from streamlit import runtime

from pages.parts.film import texture
from pages.parts.resources import Sample, read_sample, sample_cases
from xattn.runtime.engine import Engine
from xattn.runtime.faults import attempt

logger = logging.getLogger("xattn.pages")
WARMING = "Reading a shipped case ahead"


def warm(engine: Engine) -> None:
    """Read a case of this system in a thread of its own, once in the life of the server."""
    is_served = runtime.exists() and type(runtime.get_instance()) is runtime.Runtime
    if is_served:  # not by a test that plays the server, and ends with its page
        _begin(engine, engine.model.checkpoint.model_id)


def read_once(engine: Engine, sample: Sample) -> None:
    """All that an upload goes through until its prediction is on the screen."""
    case = read_sample(engine, sample)
    texture(case.film.radiograph)
    unhurried = engine.ahead
    unhurried.start_assessment(case).result()
    unhurried.start_prediction(case).result()
    unhurried.start_explanation(case, "shapley").result()


@st.cache_resource(max_entries=8, show_spinner=False)
def _begin(_engine: Engine, model_id: str) -> str:
    if samples := sample_cases(_engine.model.system.name):
        work = (logger, WARMING, lambda: read_once(_engine, samples[0]))
        Thread(target=attempt, args=work, name="xattn-warming", daemon=True).start()
    return model_id
