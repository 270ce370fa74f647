"""What the app is, what it cannot do, and how each panel is read."""

import streamlit as st

from pages.parts.person import person
from pages.parts.resources import ASSETS

person()  # refuses whoever came past app.py: see there why one could

COLUMNS = (("what", "limits", "keys"), ("panels", "kinds"))

for column, names in zip(st.columns(2, gap="large"), COLUMNS, strict=True):
    for name in names:
        column.markdown((ASSETS / "about" / f"{name}.md").read_text("utf-8"))
