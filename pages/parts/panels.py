"""What stands beside the film, as HTML from records: facts, prediction, details, banner."""

from collections.abc import Iterable
from html import escape

from scipy.special import expit

from pages.parts.work import Work
from xattn.explain.overlay import signed
from xattn.records import Attribution, Case, Prediction
from xattn.reports import sentences
from xattn.systems import LESS, LoadedModel, System
from xattn.trust import wording

SIDES = {"R": "right", "L": "left", "B": "both", "U": "unpaired"}
"""What a header's codes of laterality mean (PS3.3 C.7.3.1.1.1)."""

VIEW = ("modality", "view position", "laterality")
"""Facts of the header that stand in one line."""
NOT_STATED = "not stated"


def banner(model: LoadedModel) -> str:
    """Who is speaking, what it was trained on, and what this is for; on every page."""
    description = model.checkpoint.description
    parts = (
        model.system.name,
        f"{description.preset} {description.version}",
        f"trained on {description.training_data}",
    )
    return (
        f'<div class="banner">{" · ".join(map(escape, parts))} · '
        "<b>research use, not for diagnosis</b> · browser view: not for primary reading</div>"
    )


def heading(text: str) -> str:
    """A section's heading."""
    return f'<p class="heading">{escape(text)}</p>'


def warning(text: str) -> str:
    """A sentence that a reader must not miss."""
    return f'<p class="warning">{escape(text)}</p>'


def facts(case: Case, title: str) -> str:
    """What is known of the film without a name."""
    radiograph = case.film.radiograph
    rows, columns = radiograph.shape
    pairs = [("Case", title), ("Pixels", f"{columns} × {rows}")]
    if radiograph.spacing_mm:
        between_rows, between_columns = radiograph.spacing_mm
        pairs.append(("Size", f"{columns * between_columns:.0f} × {rows * between_rows:.0f} mm"))
    view = [value for name in VIEW if (value := radiograph.fact(name))]
    if view:
        pairs.append(("View", " · ".join(SIDES.get(value, value) for value in view)))
    if (loss := radiograph.fact("lossy compression")) and loss != NOT_STATED:
        pairs.append(("Lossy", loss))
    if case.film.box:
        box = case.film.box
        pairs.append(("Box", f"{box.width} × {box.height} at {box.x}, {box.y}"))
    return table(pairs, "facts")


def table(pairs: Iterable[tuple[str, str]], style: str) -> str:
    """Names and texts in two columns."""
    rows = (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in pairs)
    return f'<table class="{style}">{"".join(rows)}</table>'


def what_was_read(case: Case, system: System) -> str:
    """Which part of the film the model sees, and what to do where it is the whole view."""
    if case.film.box:
        return (
            '<p class="note">The model reads the box with a margin. Hatched: <b>not read</b>.</p>'
        )
    if not system.box_advice:
        return '<p class="note">The model reads the whole film.</p>'
    advice = f"No box: the model reads the whole view. {system.box_advice}"
    return f'<p class="warning">{escape(advice)}</p>'


def prediction(result: Prediction, system: System, case: Case, *, is_earlier: bool) -> str:
    """The number, what it assumes, how it moves with the box, and what it does not say."""
    unit = escape(result.target.unit)
    if result.target.minus is not None:
        number = sentences.amount(result.value, result.target.unit)
        lines = [
            f'<span class="number">{number}</span><span class="odds">{unit}</span>',
            f"<p>{escape(_leaning(result))}</p>",
        ]
    elif result.probability is None:
        number = f"{result.value:.3f}"
        lines = [f'<span class="number">{number}</span><span class="odds">{unit}</span>']
    else:
        number = wording.probability(result.probability)
        score = sentences.amount(result.value, result.target.unit)
        lines = [
            f'<span class="number">{escape(number)}</span><span class="odds">{score} {unit}</span>',
            f"<p>at the prevalence of {result.prevalence:.2f} that it assumes</p>",
        ]
        if result.value <= 0:
            lines.append(f'<p class="warning">A low result {escape(system.negative_reads)}.</p>')
    lines += [f"<p>{escape(line)}</p>" for line in system.remarks(case.form, result.value)]
    lines += [f"<p>{part}</p>" for part in _jitter(result)]
    if is_earlier:
        lines.append('<p class="warning">of the earlier entry; the new one is being read</p>')
    state = " earlier" if is_earlier else ""
    return f'<div class="prediction{state}" aria-live="polite">{"".join(lines)}</div>'


def _leaning(result: Prediction) -> str:
    """How the difference of two findings is read."""
    first, _, second = result.target.name.partition(LESS)
    return f"above zero {first} is the likelier, below zero {second}; neither need be likely"


def shares(result: Prediction) -> str:
    """Film alone, form alone and what they do together, in one line."""
    unit = result.target.unit
    film, form, both = (
        sentences.amount(value, unit)
        for value in (result.image_only, result.form_only, result.interaction)
    )
    return f'<p class="note">alone: film {film}, form {form} · interaction {both}</p>'


def dimmed(content: str, *, is_earlier: bool) -> str:
    """A result of an earlier entry is dimmed and says so."""
    if not is_earlier:
        return content
    return f'<div class="earlier">{content}</div><p class="warning">of the earlier entry</p>'


def refused(work: Work) -> str:
    """The sentences of what could not be computed."""
    notes = [note for name in work.jobs if (note := failure(work, name))]
    return "".join(f'<p class="warning">{escape(note)}</p>' for note in notes)


def failure(work: Work, name: str) -> str:
    """Why a piece of work failed; nothing where it did not, or was cancelled on purpose."""
    progress, note = work.state(name)
    return note if progress == "failed" else ""


def welcome(system: System) -> str:
    """What the page is for, before a case is open."""
    return (
        f"<h3>{escape(system.title)}: open a case</h3>"
        f'<p class="note">Choose a sample or upload a {escape(system.film.lower())}. The form may '
        "stay empty: what is not known is left unknown. Nothing leaves this machine.</p>"
    )


def details(attributions: list[Attribution]) -> str:
    """One row per method: how its numbers may be read, how well it adds up, how it was made."""
    head = "".join(
        f"<th>{name}</th>" for name in ("Method", "Kind", "Unit", "Its own numbers", "Settings")
    )
    rows = []
    for entry in attributions:
        settings = ", ".join(f"{name} {value}" for name, value in entry.provenance.settings)
        cells = (
            entry.method,
            entry.kind,
            entry.unit or "no unit",
            own_numbers(entry),
            f"{settings}; {entry.passes} passes" if settings else f"{entry.passes} passes",
        )
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f'<table class="details"><tr>{head}</tr>{"".join(rows)}</table>'


def own_numbers(entry: Attribution) -> str:
    """A method's figures and what it leaves of the sum."""
    parts = [f"{name} {value:.3g}" for name, value in entry.figures]
    if entry.gap is not None:
        parts.append(f"gap {signed(entry.gap, 2)} {entry.unit}")
    return ", ".join(parts)


def _jitter(result: Prediction) -> list[str]:
    if not result.jitter:
        return []
    unit = result.target.unit
    low, high = min(result.jitter), max(result.jitter)
    ends = f"{sentences.amount(low, unit)} to {sentences.amount(high, unit)} {escape(unit)}"
    if result.probability is not None:
        share = [wording.probability(float(expit(end))) for end in (low, high)]
        ends = f"P {share[0]} to {share[1]}, {ends}"
    flip = '<b class="warning">flips: depends on how the box was drawn</b>'
    return [f"Box ±10 %: {ends}", *([flip] if result.flips else [])]
