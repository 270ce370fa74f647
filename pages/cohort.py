"""A cohort: what its forms and films come to, where the model is weak, and the way to a case."""

import streamlit as st

from pages.parts import cohort, cohort_figures, cohort_run, panels, state
from pages.parts.person import person

person()  # refuses whoever came past app.py: see there why one could

if problem := state.take_problem():
    st.error(problem)
cohort.draw_asking()
run = cohort_run.current()
if run is None:
    st.html(
        '<p class="note">Choose a worklist and run: every case that you may see is predicted and '
        "explained. What is shown of a case counts as shown to you.</p>"
    )
    st.stop()
cohort.draw_progress(run)
summary = run.summary
if summary is None:
    if not run.is_running and not run.cases[0]:
        st.html(panels.warning("There is no case whose result you may see."))
    st.stop()

left, right = st.columns(2, gap="medium")
with left:
    cohort_figures.draw_importances(run, summary)
with right:
    cohort_figures.draw_groups(summary)
if summary.interactions:
    curve, table, anatomy = st.columns([1, 1.2, 1], gap="medium")
    with table:
        cohort_figures.draw_interactions(summary)
    with anatomy:
        cohort_figures.draw_maps(summary)
    cohort_figures.draw_gallery(run, summary, in_a_row=6)
else:
    curve, errors = st.columns([1, 2.6], gap="medium")
    with errors:
        cohort_figures.draw_gallery(run, summary, in_a_row=6)
with curve:
    cohort_figures.draw_reliability(summary)
    if not summary.interactions:
        st.html(cohort_figures.NO_REGIONS)
if run.comparison:
    cohort_figures.draw_comparison(run, summary, run.comparison)
