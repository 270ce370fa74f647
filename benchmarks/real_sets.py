"""The three real data sets: films in three shifts, forms, labels, and who must stay together."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.real_forms import CESM_FORM, KNEE_FORM, cesm_entries, chest_entries, knee_entries
from xattn.data.clinical import Schema
from xattn.data.intake import read_image
from xattn.data.placement import Placement
from xattn.data.schemas import CHEST
from xattn.training.folds import assign, binned

SIZE = 224
FOLDS = 5
SHIFTS = ((0.0, 0.0), (0.04, 0.03), (-0.04, -0.03))
"""How far the square is moved, in shares of its side; the first alone is scored."""
FEWEST_POSITIVES = 10
NIH_LABELS = (
    "Atelectasis",
    "Cardiomegaly",
    "Consolidation",
    "Edema",
    "Effusion",
    "Emphysema",
    "Fibrosis",
    "Hernia",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pleural_Thickening",
    "Pneumonia",
    "Pneumothorax",
)
Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RealSet:
    """N cases of V shifted films; nothing in here was learnt from them.

    `films` (N, V, 224, 224) in 0 to 1; `values` (N, S) and `known` (N, F) as the schema encodes
    them; `labels` (N, K); `groups` (N,): who must not be in two folds; `strata` (N,): what folds
    share out evenly; `parts`: named rows (N,) bool that are scored by themselves as well.
    """

    schema: Schema
    films: np.ndarray
    values: np.ndarray
    known: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    groups: np.ndarray
    strata: np.ndarray
    parts: tuple[tuple[str, np.ndarray], ...] = ()
    images: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def folds(self) -> np.ndarray:
        """The fold (N,) of every case; no group is in two."""
        return assign(self.strata, self.groups, k=FOLDS, bins=len(np.unique(self.strata)))


def table(path: Path) -> list[Row]:
    """The rows of a CSV with a header."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def knee(data: Path) -> RealSet:
    """Knee films with the ultrasound score; films that are the same or nearly so are one group."""
    folder = data / "knee_osteoporosis"
    rows = table(folder / "clinical.csv")
    scores = np.array([[float(row["t_score"])] for row in rows])
    values, known = _encoded(KNEE_FORM, rows, knee_entries)
    return RealSet(
        schema=KNEE_FORM,
        films=_films(folder / row["image"] for row in rows),
        values=values,
        known=known,
        labels=scores,
        names=("ultrasound score",),
        groups=np.array([row["near_duplicate_group"] for row in rows]),
        strata=binned(scores[:, 0], 5),
    )


def cesm(data: Path) -> RealSet:
    """Subtracted contrast images of benign and malignant breasts; right ones are mirrored."""
    folder = data / "cdd_cesm_mammo"
    rows = [
        row
        for row in table(folder / "annotations.csv")
        if row["cm_image"] and row["pathology"] in ("Benign", "Malignant")
    ]
    films = _films(folder / row["cm_image"] for row in rows)
    is_right = np.array([row["side"] == "R" for row in rows])
    films[is_right] = films[is_right][..., ::-1].copy()
    values, known = _encoded(CESM_FORM, rows, cesm_entries)
    malignant = np.array([row["pathology"] == "Malignant" for row in rows], dtype=np.float64)
    return RealSet(
        schema=CESM_FORM,
        films=films,
        values=values,
        known=known,
        labels=malignant[:, None],
        names=("malignant",),
        groups=np.array([row["patient_id"] for row in rows]),
        strata=malignant,
    )


def chest(data: Path) -> RealSet:
    """NIH ChestX-ray14's labels of which there are enough, the whole and by projection."""
    folder = data / "nih_chestxray"
    rows = table(folder / "labels.csv")
    found = np.array([[float(row[name]) for name in NIH_LABELS] for row in rows])
    kept = found.sum(axis=0) >= FEWEST_POSITIVES
    values, known = _encoded(CHEST, rows, chest_entries)
    views = np.array([row["view"] for row in rows])
    return RealSet(
        schema=CHEST,
        films=_films(folder / row["file"] for row in rows),
        values=values,
        known=known,
        labels=found[:, kept],
        names=tuple(name for name, enough in zip(NIH_LABELS, kept, strict=True) if enough),
        groups=np.array([row["patient_id"] for row in rows]),
        strata=rarest(found[:, kept]),
        parts=tuple((view, views == view) for view in ("AP", "PA")),
        images=tuple(row["image"] for row in rows),
    )


def rarest(labels: np.ndarray) -> np.ndarray:
    """The number of each case's rarest finding of labels (N, K); K for a case without any."""
    by_frequency = np.argsort(labels.sum(axis=0), kind="stable")
    has = labels[:, by_frequency] == 1
    return np.where(has.any(axis=1), by_frequency[has.argmax(axis=1)], labels.shape[1])


def shifted(values: np.ndarray) -> np.ndarray:
    """What a model reads of a film (H, W), once for each shift: (V, 224, 224)."""
    whole = Placement.whole((values.shape[0], values.shape[1]), SIZE)
    squares = (
        replace(whole, left=whole.left + right * whole.side, top=whole.top + down * whole.side)
        for right, down in SHIFTS
    )
    return np.stack([square.to_model(values, fill=0.0) for square in squares])


def _films(paths: Iterable[Path]) -> np.ndarray:
    return np.stack([shifted(read_image(path).model_values()) for path in paths])


def _encoded(
    schema: Schema, rows: list[Row], entries: Callable[[Row], dict[str, object]]
) -> tuple[np.ndarray, np.ndarray]:
    """Slots (N, S) and what is known (N, F)."""
    encodings = [schema.encode(schema.check(entries(row))) for row in rows]
    values = np.stack([encoding.values for encoding in encodings])
    return values, np.stack([encoding.known for encoding in encodings])
