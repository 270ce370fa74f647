"""How far a film and a form lie from the training data, as percentiles of held-out cases.

Both distances are Mahalanobis: of the mean image token, and of the form's slots. Percentile 95
means that 95 of 100 held-out training cases lie nearer. A form is compared in the fields it states:
the covariance and the held-out forms are cut to them, so that unknown fields are no distance.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from xattn.errors import CheckpointError
from xattn.trust.finding import Finding, passed
from xattn.trust.validity import MOST_NOVEL

FILE = "reference.safetensors"
SHRINKAGE = 0.1
"""Share of the covariance that is replaced by its mean variance on the diagonal."""
LEAST_COMPARED = 50
"""Held-out forms that state the same fields, below which all are compared, gaps at the mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """N cases: `pooled` (N, d) mean image tokens, slots `values` (N, S), `stated` (N, S) bool."""

    pooled: np.ndarray
    values: np.ndarray
    stated: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """`reference.safetensors`: the training data's centre and spread, and held-out cases."""

    film_mean: np.ndarray
    film_whitening: np.ndarray
    """(d, d): distance = norm of whitening · (pooled - mean)."""
    film_distances: np.ndarray
    """Sorted distances (M,) of held-out films."""
    form_mean: np.ndarray
    form_covariance: np.ndarray
    form_values: np.ndarray
    form_stated: np.ndarray


@dataclass(frozen=True, slots=True)
class Novelty:
    """Percentiles, 0 to 100, of distance to the training data."""

    film: float
    form: float

    @property
    def named(self) -> tuple[tuple[str, float], ...]:
        """As `why_not_valid` takes them."""
        return ("film", self.film), ("form", self.form)


def slots_stated(known: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Which slots (..., S) belong to known fields (..., F)."""
    return np.repeat(known, sizes, axis=-1)


def fit_reference(fitted: Embedded, held_out: Embedded) -> Reference:
    """The reference from cases to fit on and others to compare with."""
    mean = fitted.pooled.mean(axis=0)
    spread, axes = np.linalg.eigh(_shrunk(np.cov(fitted.pooled.T)))
    whitening = (axes / np.sqrt(spread)) @ axes.T
    form_mean = _stated_mean(fitted)
    filled = np.where(fitted.stated, fitted.values, form_mean)
    distances = np.linalg.norm((held_out.pooled - mean) @ whitening, axis=1)
    return Reference(
        film_mean=mean,
        film_whitening=whitening,
        film_distances=np.sort(distances),
        form_mean=form_mean,
        form_covariance=_shrunk(np.cov(filled.T)),
        form_values=held_out.values,
        form_stated=held_out.stated,
    )


def novelty(
    reference: Reference, pooled: np.ndarray, *, values: np.ndarray, stated: np.ndarray
) -> Novelty:
    """The percentiles of one case: pooled token (d,), slots (S,) and which are stated (S,)."""
    distance = np.linalg.norm(reference.film_whitening @ (pooled - reference.film_mean))
    return Novelty(
        _percentile(float(distance), reference.film_distances),
        _form_percentile(reference, values, stated),
    )


def check_novelty(found: Novelty) -> tuple[Finding, ...]:
    """One finding for film and form; beyond the 95th percentile no interval is valid."""
    return tuple(
        Finding(
            f"novelty of the {name}",
            "warn",
            f"The {name} lies farther from the training data than {percentile:.0f} % of it.",
        )
        if percentile > MOST_NOVEL
        else passed(
            f"novelty of the {name}",
            f"The {name} lies at percentile {percentile:.0f} of distance to the training data.",
        )
        for name, percentile in found.named
    )


def save_reference(folder: Path, reference: Reference) -> None:
    """Write `reference.safetensors` into a checkpoint folder, numbers as float32."""
    arrays = {field.name: getattr(reference, field.name) for field in fields(Reference)}
    save_file(
        {
            name: np.ascontiguousarray(array if array.dtype == bool else array.astype(np.float32))
            for name, array in arrays.items()
        },
        folder / FILE,
    )


def load_reference(folder: Path) -> Reference | None:
    """The reference of a checkpoint folder, or None if it has none.

    Raises:
        CheckpointError: if the file is damaged or holds other arrays.
    """
    if not (folder / FILE).is_file():
        return None
    try:
        tensors = load_file(folder / FILE)
        widened = {k: v if v.dtype == bool else v.astype(np.float64) for k, v in tensors.items()}
        return Reference(**widened)
    except (SafetensorError, TypeError) as error:
        raise CheckpointError(f"The checkpoint's {FILE} is not as written by xattn.") from error


def _percentile(distance: float, others: np.ndarray) -> float:
    """100 times the share of held-out distances below; never 100, for the case is one more."""
    return float(100 * np.count_nonzero(others < distance) / (len(others) + 1))


def _form_percentile(reference: Reference, values: np.ndarray, stated: np.ndarray) -> float:
    if not stated.any():
        return 0.0
    same = reference.form_stated[:, stated].all(axis=1)
    rows = (
        same
        if same.sum() >= LEAST_COMPARED
        else np.full(len(reference.form_stated), fill_value=True)
    )
    filled = np.where(reference.form_stated, reference.form_values, reference.form_mean)[rows]
    precision = np.linalg.inv(reference.form_covariance[np.ix_(stated, stated)])
    centre = reference.form_mean[stated]
    others = _squared(filled[:, stated] - centre, precision)
    own = _squared((values[stated] - centre)[None], precision)[0]
    return _percentile(float(own), others)


def _squared(offsets: np.ndarray, precision: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("ns,st,nt->n", offsets, precision, offsets))


def _stated_mean(cases: Embedded) -> np.ndarray:
    """The mean of each slot over the cases that state it; 0 where none does."""
    count = cases.stated.sum(axis=0)
    return np.asarray((cases.values * cases.stated).sum(axis=0) / np.maximum(count, 1))


def _shrunk(covariance: np.ndarray) -> np.ndarray:
    # Where nothing varies, one unit stands in, so that whatever differs is far.
    variance = np.trace(covariance) / len(covariance) or 1.0
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * variance * np.eye(len(covariance))
    return np.asarray(shrunk)
