"""Worklists: choose one, take films in, go through its cases, see how readers agree."""

import streamlit as st

from pages.parts import lists, resources, state, worklist
from pages.parts.agreement import draw_agreement
from pages.parts.exporting import draw_export
from pages.parts.intake import draw_import, draw_progress, draw_refused
from pages.parts.person import person
from pages.parts.reporting import draw_reports
from xattn.systems import SYSTEMS

person()  # refuses whoever came past app.py: see there why one could

if problem := state.take_problem():
    st.error(problem)
archive = resources.archive()

name, new, films, tables = st.columns([4, 1, 1, 1], vertical_alignment="center")
with name:
    listed = lists.choose(archive)
with new:
    lists.draw_new(archive)
if listed is None:
    st.html(
        '<p class="note">There is no worklist yet. Make one, then import films, or keep a case '
        "from the page Review.</p>"
    )
    st.stop()
with films:
    draw_import(archive, listed)
with tables:
    draw_export(archive, listed)

draw_progress(listed)
draw_reports(listed)
query = lists.draw_filters(state.query() or worklist.first_query(listed))
worklist.draw_table(archive, query, SYSTEMS[listed.system])
draw_refused(archive, listed)
draw_agreement(archive, listed)
