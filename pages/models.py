"""The model that is speaking: its card, what a cut on its answer costs, and loading another one."""

import streamlit as st

from pages.parts import cards, consequences, loading, resources, state
from pages.parts.person import person

person()  # refuses whoever came past app.py: see there why one could

if problem := state.take_problem():
    st.error(problem)
system = state.system(resources.first_system())
engine = resources.engine(system)
model = engine.model

choice, load = st.columns([4, 1], vertical_alignment="bottom")
with choice:
    loading.draw_choice(system)
with load:
    loading.draw_loading()

found = consequences.operating_of(model)
text, facts = st.columns([3, 2], gap="large")
with text:
    consequences.draw_consequences(model, found)
    st.markdown(cards.card(model))
with facts:
    consequences.draw_reliability(model, found)
    st.html(cards.randomisation(model.folder))
    st.html(cards.standing(model))
    st.html(cards.facts(model))
    st.html(cards.fields(engine.schema))
    st.html(cards.shipped(resources.shipped_models(), model.checkpoint.model_id))
