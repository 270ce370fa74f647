"""What adds up to the prediction: the bars of every method that has them, as HTML."""

from pages.parts.bars import draw_bars
from pages.parts.methods import BARS, title
from pages.parts.panels import dimmed, heading
from pages.parts.state import Shown
from pages.parts.work import Work
from xattn.data.clinical import Schema


def draw_why(work: Work, shown: Shown, schema: Schema) -> str:
    """Our own bars, which always run."""
    return _bars(BARS[0], work, shown, schema)


def draw_checks(work: Work, shown: Shown, schema: Schema) -> str:
    """The bars of the further methods that the reader chose."""
    wanted = (method for method in BARS[1:] if method in work.methods)
    return "".join(_bars(method, work, shown, schema) for method in wanted)


def _bars(method: str, work: Work, shown: Shown, schema: Schema) -> str:
    name = "Why: adds up" if method == BARS[0] else title(method)
    bars = dict(work.results(shown)).get(method)
    if bars is None:
        progress, _ = work.state(method)
        waits = progress == "pending"
        return heading(name) + '<p class="note">being computed</p>' if waits else ""
    is_old = work.is_earlier(bars)
    form = None if is_old else work.case.form
    drawn = dimmed(draw_bars(bars, schema, form), is_earlier=is_old)
    return f'<div data-figure="{method}">{heading(f"{name}, in {bars.unit}")}{drawn}</div>'
