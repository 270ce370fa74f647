"""What each kind of model is judged by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from xattn.data.clinical import Schema
from xattn.data.densitometry import PAPER_THRESHOLD
from xattn.data.findings import COMPETITION, FINDINGS, LABELS
from xattn.data.schemas import CHEST
from xattn.training.cases import Cases
from xattn.training.label_metrics import MacroAuc, by_group, known_auc, label_figures
from xattn.training.metrics import METRICS, Estimate, Metric
from xattn.training.regression_metrics import (
    REGRESSION_METRICS,
    Screening,
    estimate,
    regression_figures,
)
from xattn.training.subgroups import Grouping

Figures = tuple[tuple[str, Estimate], ...]
FEW_DRAWS = 200
"""Bootstrap draws of the tables of detail, which hold hundreds of figures."""


def no_details(_: Cases, __: np.ndarray) -> str:
    """No further table."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Figures of labels (N, K) and what a model says of them (N, K): probabilities, or numbers."""

    main: str
    """The figure that a model is compared by."""
    metrics: Mapping[str, Metric]
    """From labels (N, K) and what is said of them (N, K) to a number, NaN where it has no value."""
    draws: int = 1000
    """Bootstrap draws of an interval."""
    details: Callable[[Cases, np.ndarray], str] = no_details
    """Further tables in Markdown."""
    variants: tuple[tuple[str, Callable[[Cases], Cases]], ...] = ()
    """Changes of the cases under which the model is judged as well."""
    groupings: tuple[Grouping, ...] = ()
    """How the cases are divided for the main figure within groups."""

    def figures(self, labels: np.ndarray, said: np.ndarray) -> Figures:
        """Every figure with its interval."""
        return tuple((name, self._figure(name, labels, said)) for name in self.metrics)

    def main_figure(self, labels: np.ndarray, said: np.ndarray) -> Estimate:
        """The main figure with its interval."""
        return self._figure(self.main, labels, said)

    def values(self, labels: np.ndarray, said: np.ndarray) -> dict[str, float]:
        """Every figure without interval, by name."""
        return {name: metric(labels, said) for name, metric in self.metrics.items()}

    def _figure(self, name: str, labels: np.ndarray, said: np.ndarray) -> Estimate:
        return estimate(self.metrics[name], labels, said, draws=self.draws)


def _of_two(metric: Metric, labels: np.ndarray, said: np.ndarray) -> float:
    """A figure of the one column; NaN where a resample is left with one class."""
    column = labels[:, 0]
    return metric(column, said[:, 0]) if 0 < column.sum() < len(column) else float("nan")


TWO_CLASSES = Judge(
    main="AUC", metrics={name: partial(_of_two, metric) for name, metric in METRICS.items()}
)

SCREENING = Screening(threshold=PAPER_THRESHOLD.value, prevalence=0.4)
"""Low BMD is what lies at or below T −1 on the scale of the label; positive = low."""


def _of_number(metric: Metric, labels: np.ndarray, said: np.ndarray) -> float:
    return metric(labels[:, 0], said[:, 0])


def _low_auc(labels: np.ndarray, said: np.ndarray) -> float:
    low = labels[:, 0] <= SCREENING.threshold
    return known_auc(low.astype(np.float64), -said[:, 0])


def _density_details(cases: Cases, said: np.ndarray) -> str:
    pair = cases.labels[:, 0].double().numpy(), said[:, 0]
    agreement = regression_figures(*pair)[len(REGRESSION_METRICS) :]
    screening = SCREENING.figures(*pair)
    title = f"Screening: positive = BMD at or below {SCREENING.threshold:.3f} g/cm² (Lunar)"
    at = f"PPV and NPV at a prevalence of {SCREENING.prevalence:.2f}"
    return "\n\n".join(
        [_table("Agreement (Bland–Altman), g/cm²", agreement), _table(f"{title}; {at}", screening)]
    )


DENSITY = Judge(
    main="R²",
    metrics={
        **{name: partial(_of_number, metric) for name, metric in REGRESSION_METRICS.items()},
        "AUC of low BMD": _low_auc,
    },
    details=_density_details,
)


def _finding_details(cases: Cases, said: np.ndarray) -> str:
    labels = cases.labels.double().numpy()
    whole = label_figures(labels, said, LABELS, draws=FEW_DRAWS)
    groups = _projections(cases)
    parts = by_group(labels, said, LABELS, groups=groups, draws=FEW_DRAWS)
    heads = [f"within {name}, n = {part.cases}" for name, part in parts]
    head = " | ".join([f"| AUC | all, n = {whole.cases}", *heads]) + " |"
    lines = [head, "|---" * (len(parts) + 2) + "|"]
    for name, overall in (*whole.averages, *whole.labels):
        cells = [str(overall), *(str(part.figure(name)) for _, part in parts)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _projections(cases: Cases) -> np.ndarray:
    """AP, PA or unknown (N,), the last for laterals too, which have none."""
    first = _slot_of("projection")
    sides = np.where(cases.values[:, first].numpy() > 0.5, "AP", "PA")
    known = cases.known[:, CHEST.names.index("projection")].numpy()
    return np.where(known, sides, "unknown")


def without(cases: Cases, schema: Schema, *names: str) -> Cases:
    """The same cases with these fields of the form unknown."""
    known = cases.known.clone()
    known[:, [schema.names.index(name) for name in names]] = False
    return replace(cases, known=known)


def projection_withheld(cases: Cases) -> Cases:
    """The same cases with the projection unknown."""
    return without(cases, CHEST, "projection")


def projection_flipped(cases: Cases) -> Cases:
    """The same cases with AP said for PA and PA for AP."""
    first = _slot_of("projection")
    values = cases.values.clone()
    values[:, [first, first + 1]] = cases.values[:, [first + 1, first]]
    return replace(cases, values=values)


FOURTEEN_FINDINGS = Judge(
    main="macro AUC",
    metrics={
        "macro AUC": MacroAuc(tuple(range(len(FINDINGS)))),
        "five-label AUC": MacroAuc(tuple(FINDINGS.index(name) for name in COMPETITION)),
        "micro AUC": known_auc,
    },
    draws=FEW_DRAWS,
    details=_finding_details,
    variants=(
        ("projection withheld", projection_withheld),
        ("projection flipped", projection_flipped),
    ),
)


def _slot_of(name: str) -> int:
    return sum(CHEST.sizes[: CHEST.names.index(name)])


def _table(title: str, figures: Figures) -> str:
    lines = [f"| {title} | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {each} |" for name, each in figures)])
