"""The cases of a worklist as a table: what each row says, in which order, and what a click does."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import streamlit as st

from pages.parts import gate, going, resources, state
from pages.parts.component import draw_component
from pages.parts.person import person
from xattn.archive import worklist
from xattn.archive.store import Archive
from xattn.archive.worklist import Order, Query, Row, Worklist
from xattn.systems import System

SIZE = 25
"""Rows of a page: what a screen of 900 lines shows."""
HIDDEN = "hidden until read"
UNKNOWN = "–"
PLACES = "places"
"""Where each page of the list in hand starts, from the first to the one that is shown."""
REVIEW = "pages/review.py"
STEPS = ((86400, "d"), (3600, "h"), (60, "min"))

NUMBERS = ("Case", "Novelty", "Uncertainty", "Film against form")
"""Columns that are set flush right."""

Cell = tuple[str, str]
"""A text and its style."""


def draw_table(archive: Archive, query: Query, system: System) -> None:
    """One page of the list; a click opens a case, sorts or bookmarks."""
    places = _places(query)
    found = worklist.page(archive, person(), query, after=places[-1], size=SIZE)
    whole = worklist.count(archive, person(), query)
    if not found.rows:
        st.html('<p class="note">No case of this worklist is left by these filters.</p>')
        return
    now = datetime.now(UTC)
    rows = [line(row, now) for row in found.rows]
    act(archive, query, _draw({"columns": columns(query, system), "rows": rows}))
    first = SIZE * (len(places) - 1) + 1
    _draw_paging(f"{first:,} to {first + len(rows) - 1:,} of {whole:,} cases", places, found.after)


def columns(query: Query, system: System) -> list[dict[str, str]]:
    """What each column is called, what it says, and the order that its heading asks for."""
    unit = system.targets[system.default_target].unit
    scale = "0 to 1" if system.is_probability else unit
    spread = "0 is certain, 1 even odds" if system.is_probability else "Width of the interval"
    given = (
        ("Case", "", "Its number in the archive"),
        ("Title", "title", "As it was typed"),
        ("Taken in", "added", "How long ago the case was taken in"),
        ("Gate", "", "The checks of film and form"),
        ("Novelty, pct.", "novelty", "Distance from the training data, as a percentile"),
        (f"Uncertainty, {scale}", "uncertainty", f"Of what the model says: {spread}"),
        (f"Film against form, {unit}", "disagreement", "How far film and form alone lie apart"),
        ("My read", "", "Whether you have read the case"),
        ("Same film", "", "Other cases of the very same film, on any list"),
        ("My note", "", "Nobody else sees it"),
    )
    ways = {True: "descending", False: "ascending"}
    return [
        {
            "label": label,
            "order": order,
            "help": words,
            "style": "number" if label.startswith(NUMBERS) else "",
            "sorted": ways[query.is_descending] if order == query.order else "",
        }
        for label, order, words in given
    ]


def line(row: Row, now: datetime) -> dict[str, Any]:
    """A row as the browser gets it: what may not be seen is not in it."""
    cells: list[Cell] = [
        (str(row.number), "number"),
        (row.title, "title"),
        (age(row.added, now), ""),
        (gate.LEVELS[row.level] if row.level else UNKNOWN, _style(row.level)),
        (UNKNOWN if row.novelty is None else f"{row.novelty:.0f}", "number"),
        _veiled(row.uncertainty, row),
        _veiled(row.disagreement, row),
        ("read" if row.is_read else "", ""),
        (f"{row.copies} more" if row.copies else "", "warn"),
        (row.note, "note"),
    ]
    return {
        "number": row.number,
        "isMarked": row.is_marked,
        "isRead": row.is_read,
        "cells": [list(cell) for cell in cells],
    }


def age(added: str, now: datetime) -> str:
    """How long ago, in the largest unit that is full."""
    seconds = (now - datetime.fromisoformat(added)).total_seconds()
    for length, unit in STEPS:
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return "now"


def act(archive: Archive, query: Query, event: tuple[str, Any]) -> None:
    """Do what was clicked, and draw the page again."""
    name, content = event
    if name == "open" and isinstance(content, int):
        open_case(content)
    elif name == "mark" and isinstance(content, int):
        with state.refusals():
            _turn_mark(archive, query, content)
        st.rerun()
    elif name == "sort" and content in get_args(Order):
        state.choose_query(sorted_by(query, content))
        st.rerun()


def sorted_by(query: Query, order: Order) -> Query:
    """The same cases by another key; by the same key, the other way round."""
    is_same = query.order == order
    return replace(query, order=order, is_descending=is_same and not query.is_descending)


def open_case(number: int) -> None:
    """Show a case on the case page; a refusal is a sentence here."""
    with state.refusals():
        going.open_number(number)
        st.switch_page(REVIEW)
    st.rerun()


def first_query(listed: Worklist) -> Query:
    """A list as it lies: all its cases, oldest first."""
    return Query(worklist=listed.number)


def _turn_mark(archive: Archive, query: Query, number: int) -> None:
    places = _places(query)
    rows = worklist.page(archive, person(), query, after=places[-1], size=SIZE).rows
    for row in rows:
        if row.number == number:
            archive.annotate(person(), number, is_marked=not row.is_marked)


def _places(query: Query) -> list[worklist.Place | None]:
    places: list[worklist.Place | None]
    known, places = st.session_state.get(PLACES, (None, []))
    if known != query or not places:
        places = [None]
        st.session_state[PLACES] = (query, places)
    return places


def _draw_paging(
    counted: str, places: list[worklist.Place | None], after: worklist.Place | None
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="paging"):
        if st.button("Back", disabled=len(places) < 2, key="_page_back"):
            places.pop()
            st.rerun()
        st.html(f'<span class="place">{counted}</span>', width="content")
        if st.button("Further", disabled=after is None, key="_page_further"):
            places.append(after)
            st.rerun()


def _draw(data: dict[str, Any]) -> tuple[str, Any]:
    folder = resources.ASSETS / "worklist"
    script, style = ((folder / f"table.{kind}").read_text("utf-8") for kind in ("js", "css"))
    component = st.components.v2.component("xattn_worklist", js=script, css=style)
    return draw_component(component, data, key="_worklist", events=("open", "mark", "sort"))


def _veiled(value: float | None, row: Row) -> Cell:
    if value is not None:
        return f"{value:.2f}", "number"
    return (UNKNOWN, "number") if row.is_open else (HIDDEN, "hidden")


def _style(level: str | None) -> str:
    return "" if level in (None, "pass") else "warn"
