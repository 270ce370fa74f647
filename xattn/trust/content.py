"""What the pixels show: the right kind of film, upright, bright = dense, unmirrored, or a fault.

One softmax regression per system over the features of `picture`, fitted on phantoms and simulated
faults alone (`python -m benchmarks.gate --fit`); docs/gate.md has its catch rates.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file
from scipy.special import softmax

from xattn.trust.finding import Finding, Level, passed, unchecked
from xattn.trust.picture import features, thumbnail

FILE = Path(__file__).resolve().parents[2] / "assets" / "trust" / "content.safetensors"
RIGHT, MIRRORED, INVERTED, OTHER = "right", "mirrored", "inverted", "other"
FACING: Mapping[str, tuple[str, str]] = {"hip": ("R", "L"), "breast": ("L", "R")}
"""Side of the body that a film faces if `right`, and if `mirrored`, as films are hung."""
_FAULTS = {
    INVERTED: ("polarity", "looks inverted: dense parts are dark"),
    MIRRORED: ("orientation", "looks mirrored: the heart lies on the other side"),
    "90": ("orientation", "looks turned by a quarter"),
    "180": ("orientation", "looks upside down"),
    "270": ("orientation", "looks turned by a quarter"),
    OTHER: ("content", "does not look like such a film"),
}
_FINE = {
    "polarity": "Dense parts look bright.",
    "orientation": "The film looks upright.",
    "content": "The film looks like the right kind.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """One system's regression: `weights` (C, FEATURES) and `bias` (C,) of its classes.

    Right phantoms that were held out fall below `warn_below` in 2 of 100, below `block_below` in 2
    of 1,000 draws.
    """

    classes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    warn_below: float
    block_below: float

    def shares(self, film: np.ndarray) -> dict[str, float]:
        """The probability of each class for a film (h, w)."""
        found = softmax(self.weights @ features(thumbnail(film)) + self.bias)
        return dict(zip(self.classes, found.tolist(), strict=True))


def check_content(classifier: Classifier, film: np.ndarray, system: str) -> tuple[Finding, ...]:
    """Content, polarity and orientation; only the likeliest fault is named."""
    shares = classifier.shares(film)
    fits = _fit(shares, system)
    faults = {name: share for name, share in shares.items() if name in _suspects(system)}
    check, words = _FAULTS[max(faults, key=lambda name: faults[name])]
    level: Level = "pass"
    if fits < classifier.warn_below:
        level = "block" if fits < classifier.block_below else "warn"
    return tuple(
        Finding(name, level, f"The film {words}.")
        if name == check and level != "pass"
        else passed(name, fine)
        for name, fine in _FINE.items()
    )


def check_side(
    classifier: Classifier, film: np.ndarray, system: str, stated: str | None
) -> Finding:
    """Whether a sided film faces as a film of the stated side (L or R) does."""
    if system not in FACING:
        return unchecked("side", "a film of this kind shows both sides.")
    if stated not in ("L", "R"):
        return unchecked("side", "the file does not state the side.")
    shares = classifier.shares(film)
    faces = FACING[system][int(shares[MIRRORED] > shares[RIGHT])]
    if faces != stated:
        reason = f"The header says side {stated}, however the film faces as one of side {faces}."
        return Finding("side", "warn", reason)
    return passed("side", f"The film faces as one of side {stated}, as the header says.")


def save(classifiers: Mapping[str, Classifier], path: Path = FILE) -> None:
    """Write every system's classifier to one file, weights in float16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{system}.{name}": np.ascontiguousarray(getattr(each, name), dtype=np.float16)
        for system, each in classifiers.items()
        for name in ("weights", "bias")
    }
    described = {
        system: json.dumps([list(each.classes), each.warn_below, each.block_below])
        for system, each in classifiers.items()
    }
    save_file(tensors, path, metadata=described)


def load(system: str, path: Path = FILE) -> Classifier:
    """The classifier of a system."""
    with safe_open(path, framework="numpy") as file:
        classes, warn_below, block_below = json.loads(file.metadata()[system])
        weights, bias = (
            file.get_tensor(f"{system}.{name}").astype(np.float64) for name in ("weights", "bias")
        )
    return Classifier(tuple(classes), weights, bias, warn_below, block_below)


def _fit(shares: Mapping[str, float], system: str) -> float:
    """How much speaks for a right film; a sided one may face either way."""
    return shares[RIGHT] + (shares[MIRRORED] if system in FACING else 0.0)


def _suspects(system: str) -> frozenset[str]:
    return frozenset(_FAULTS) - (frozenset({MIRRORED}) if system in FACING else frozenset())
