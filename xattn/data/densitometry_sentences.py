"""What a page and a report say of an estimated density: the number, its bands, its limits."""

from xattn.data.clinical import Form
from xattn.data.densitometry import (
    CUTS,
    REFERENCES,
    Bmd,
    Maker,
    band_of,
    bands_touched,
    t_score,
)

YOUNGEST = 50
"""Years. Below, T-scores apply neither to men nor, being taken as before menopause, to women:
ISCD's positions (J Clin Densitom 2006;9:22-30) and the RACGP's guideline."""


def remarks(form: Form, value: float) -> tuple[str, ...]:
    """All that belongs to an estimate in g/cm² on Lunar's scale, the model's own."""
    return (*sentences(Bmd(value, Maker.LUNAR), form), *t_score_limits(form))


def sentences(
    bmd: Bmd, form: Form, *, interval: tuple[float, float] | None = None
) -> tuple[str, ...]:
    """The estimate with its T-score-equivalent, and each band that it or its interval touches.

    `interval` is in g/cm² on the same scale. Below 50 years there is no T-score and no band.
    """
    estimate = f"Estimated BMD {bmd.value:.3f} g/cm² ({bmd.maker} scale)"
    if _is_too_young(form):
        lines = [f"{estimate}; no T-score-equivalent below {YOUNGEST} years."]
        return (*lines, f"Interval {_span(interval)}.") if interval else tuple(lines)
    t = t_score(bmd)
    proof = "" if REFERENCES[bmd.maker].verified else ", unverified constants"
    first = f"{estimate}, T-score-equivalent {t_text(t)} (female reference{proof})."
    if interval is None:
        return first, f"{band_of(t)}."
    bands = "; ".join(bands_touched(*interval, bmd.maker))
    return first, f"The interval {_span(interval)} touches: {bands}."


def t_score_limits(form: Form) -> tuple[str, ...]:
    """To whom T-scores do not apply, and which reference is used."""
    return tuple(warning for warning in (_of_age(_age(form)), _of_sex(_sex(form))) if warning)


def t_text(t: float) -> str:
    """A T-score in print: one decimal; near a cut two, or more where two would print the cut."""
    distance = min(abs(t - cut) for cut in CUTS)
    decimals = 1 if distance > 0.1 else 2
    while distance and not round(distance, decimals):
        decimals += 1
    return f"{round(t, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def _of_age(age: float | None) -> str:
    if age is None:
        return f"Age is unknown: T-scores apply only from {YOUNGEST} years and after menopause."
    if age >= YOUNGEST:
        return ""
    return (
        f"T-scores apply neither before menopause nor to men below {YOUNGEST} years: "
        "Z-scores are preferred."
    )


def _of_sex(sex: str) -> str:
    if sex != "MALE":
        return ""
    return "The female reference is used for men too: with a male one, T-scores are lower."


def _is_too_young(form: Form) -> bool:
    age = _age(form)
    return age is not None and age < YOUNGEST


def _age(form: Form) -> float | None:
    values = (form[name] for name in ("age_at_xray", "age_at_scan"))
    return min((value for value in values if isinstance(value, float)), default=None)


def _sex(form: Form) -> str:
    value = form["sex"]
    return value[0] if isinstance(value, tuple) else ""


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f} g/cm²"
