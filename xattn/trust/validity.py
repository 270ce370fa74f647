"""When no interval may be shown: "not valid here" and why, instead of a number."""

from collections.abc import Sequence

from xattn.data.radiograph import Radiograph
from xattn.phantoms import MAKER

MOST_NOVEL = 95.0
"""Percentile of distance to the training data above which calibration says nothing (DESIGN 8)."""


def is_phantom(radiograph: Radiograph) -> bool:
    """Whether the film is one of our phantoms by its own word; a film that does not say is not."""
    return radiograph.fact("manufacturer") == MAKER


def why_not_valid(
    *,
    warnings: Sequence[str] = (),
    novelty: Sequence[tuple[str, float]] = (),
    is_phantom_trained: bool,
    is_phantom_film: bool,
) -> tuple[str, ...]:
    """The reasons why calibration does not hold for a case, as sentences; empty where it does.

    Args:
        warnings: What the gate warns of or blocks, as sentences.
        novelty: Names ("film", "form") and percentiles, 0 to 100, of distance to the training data.
        is_phantom_trained: As in the checkpoint's description.
        is_phantom_film: `is_phantom` of the radiograph.
    """
    reasons = list(warnings)
    reasons += [
        f"The {name} lies farther from the training data than {MOST_NOVEL:.0f} % of it."
        for name, percentile in novelty
        if percentile > MOST_NOVEL
    ]
    if is_phantom_trained and not is_phantom_film:
        reasons.append("The model was calibrated on phantoms, and this film is not one of them.")
    return tuple(reasons)
