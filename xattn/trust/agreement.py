"""Whether methods agree: rank correlation and overlap of their top regions, pair by pair.

Every map is brought to one footing first, the same regions for all: the mean over each region of
what the map holds per pixel, so that large regions count no more than small ones.
"""

from dataclasses import dataclass
from statistics import median

import numpy as np

from xattn.errors import ExplainError
from xattn.explain.attention_control import rank_correlation
from xattn.explain.regions import region_sums
from xattn.models.attention import CLINICAL_TO_IMAGE
from xattn.records import Attribution

AGREE, DISAGREE = 0.5, 0.2
"""Median rank correlation from which methods agree, and below which they do not."""
TOP_SHARE, FEWEST_TOP = 0.1, 3
"""Share of the regions that counts as a method's top, and the least number of them."""
RULE = "contributions against each other with their sign; every other pair by magnitude"

Pairs = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Every pair of methods on the same regions; None where a map is constant.

    `correlations` are Spearman's, by `RULE`; `overlaps` the Jaccard index of both tops of `top`
    regions, by magnitude. `left_out` are methods without one map of the film.
    """

    methods: tuple[str, ...]
    correlations: Pairs
    overlaps: Pairs
    top: int
    left_out: tuple[str, ...] = ()

    @property
    def summary(self) -> float | None:
        """The median correlation over the pairs."""
        count = len(self.methods)
        pairs = [self.correlations[i][j] for i in range(count) for j in range(i)]
        known = [value for value in pairs if value is not None]
        return median(known) if known else None

    @property
    def sentence(self) -> str:
        """The summary in words; it says nothing about whether the methods are right."""
        if self.summary is None:
            return "Fewer than two methods can be compared."
        verdict = "agree" if self.summary >= AGREE else "partly agree"
        verdict = "do not agree" if self.summary < DISAGREE else verdict
        median_said = f"{self.summary:.2f}".replace("-", "−")
        return (
            f"The methods {verdict}: median rank correlation {median_said} over "
            f"{len(self.methods)} methods (agree from {AGREE}, not below {DISAGREE})."
        )


def agreement(attributions: dict[str, Attribution], labels: np.ndarray) -> Agreement:
    """The agreement of methods, by key, over regions `labels` (S, S)."""
    values = {key: one_map(entry, labels) for key, entry in attributions.items()}
    shown = {key: value for key, value in values.items() if value is not None}
    keys = tuple(shown)
    count = int(labels.max()) + 1
    top = min(count, max(FEWEST_TOP, round(TOP_SHARE * count)))
    signed = {key for key in keys if attributions[key].kind == "contribution"}

    def correlated(one: str, other: str) -> float | None:
        both = shown[one], shown[other]
        if not {one, other} <= signed:
            both = np.abs(both[0]), np.abs(both[1])
        return rank_correlation(*both)

    return Agreement(
        methods=keys,
        correlations=tuple(tuple(correlated(a, b) for b in keys) for a in keys),
        overlaps=tuple(tuple(overlap(shown[a], shown[b], top) for b in keys) for a in keys),
        top=top,
        left_out=tuple(key for key in values if key not in shown),
    )


def overlap(left: np.ndarray, right: np.ndarray, top: int) -> float | None:
    """Jaccard index of the `top` regions of largest magnitude; None where a side is constant."""
    if np.ptp(np.abs(left)) == 0 or np.ptp(np.abs(right)) == 0:
        return None
    first, second = (
        set(np.argsort(-np.abs(side), kind="stable")[:top].tolist()) for side in (left, right)
    )
    return len(first & second) / len(first | second)


def one_map(attribution: Attribution, labels: np.ndarray) -> np.ndarray | None:
    """What a method says of each region (R,); None if it has no one map of the film.

    Of attention it is the mean over the fields of where each looks. How patches share themselves
    out over fields sums to 1 in every patch, so that its mean over fields is the same everywhere.
    """
    if not attribution.maps:
        return None
    if attribution.kind != "attention":
        return region_means(per_pixel(attribution, 0, labels.shape[0]), labels)
    rows = field_maps(attribution, labels, prefix=f"{CLINICAL_TO_IMAGE}/")
    return rows.mean(axis=0) if len(rows) else None


def all_maps(attribution: Attribution, labels: np.ndarray) -> np.ndarray:
    """Everything a method says of the film, (M, R): its first map, or every field's attention."""
    if attribution.kind == "attention":
        return field_maps(attribution, labels, prefix="")
    if not attribution.maps:
        raise ExplainError("A method with a map was expected; this one has none.")
    return region_means(per_pixel(attribution, 0, labels.shape[0]), labels)[None]


def field_maps(attribution: Attribution, labels: np.ndarray, *, prefix: str) -> np.ndarray:
    """The attention maps `direction/field` (M, R), heads and single layers left out."""
    chosen = [
        place
        for place, entry in enumerate(attribution.maps)
        if entry.name.startswith(prefix) and entry.name.count("/") == 1
    ]
    rows = [region_means(per_pixel(attribution, at, labels.shape[0]), labels) for at in chosen]
    return np.array(rows).reshape(len(rows), int(labels.max()) + 1)


def per_pixel(attribution: Attribution, number: int, size: int) -> np.ndarray:
    """A map on the square (S, S) float64, per pixel: a region's sum is shared out over it."""
    values = attribution.maps[number].values.astype(np.float64)
    own = attribution.regions
    if own is None or values.shape != own.shape or not is_painted(values, own):
        return on_square(values, size)
    sizes = np.bincount(own.ravel())
    return np.asarray(values / sizes[own])


def is_painted(values: np.ndarray, labels: np.ndarray) -> bool:
    """Whether a map (S, S) holds one number on each region."""
    first = np.unique(labels, return_index=True)
    of_region = np.zeros(int(labels.max()) + 1)
    of_region[first[0]] = values.ravel()[first[1]]
    return bool(np.array_equal(of_region[labels], values))


def on_square(values: np.ndarray, size: int) -> np.ndarray:
    """A map of any resolution (h, w) on the square (S, S), every pixel its cell's value."""
    rows, columns = (np.arange(size) * side // size for side in values.shape)
    return np.asarray(values[rows[:, None], columns[None, :]])


def region_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean of a map (S, S) over each region (R,); 0 for a number that no pixel has.

    Rounded to ten digits of the largest: regions within one cell of a coarse map are ties, which
    the rounding of their sums would otherwise rank.
    """
    sizes = np.bincount(labels.ravel())
    means = region_sums(values, labels) / np.maximum(sizes, 1)
    largest = float(np.abs(means).max(initial=0.0))
    return np.asarray(np.round(means / largest, 10) * largest) if largest else means


def mean_correlation(before: np.ndarray, after: np.ndarray) -> float | None:
    """Mean rank correlation of rows (M, R) with their counterparts; None if all are constant."""
    rows = [rank_correlation(*pair) for pair in zip(before, after, strict=True)]
    known = [value for value in rows if value is not None]
    return float(np.mean(known)) if known else None


def signed_like(attribution: Attribution, rows: np.ndarray) -> np.ndarray:
    """Rows as they are compared: contributions with their sign, others by magnitude."""
    return rows if attribution.kind == "contribution" else np.abs(rows)
