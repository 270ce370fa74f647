"""The model that is speaking: its card, what it was trained on, versions and hashes."""

import streamlit as st

from pages.parts import cards, resources, state

engine = resources.engine(state.system(resources.first_system()))
model = engine.model

text, facts = st.columns([3, 2], gap="large")
with text:
    st.markdown(model.checkpoint.card)
with facts:
    st.html(cards.facts(model))
    st.html(cards.fields(engine.schema))
    st.html(cards.shipped(resources.shipped_models(), model.checkpoint.model_id))
