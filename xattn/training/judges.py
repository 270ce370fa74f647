"""What each kind of model is judged by."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from xattn.data.densitometry import PAPER_THRESHOLD
from xattn.data.findings import COMPETITION, LABELS
from xattn.data.schemas import CHEST
from xattn.training.cases import Cases
from xattn.training.label_metrics import MacroAuc, by_group, known_auc, label_figures
from xattn.training.metrics import METRICS, Estimate, Metric, bootstrap
from xattn.training.regression_metrics import REGRESSION_METRICS, Screening, regression_figures

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
    figures: Callable[[np.ndarray, np.ndarray], Figures]
    details: Callable[[Cases, np.ndarray], str] = no_details
    """Further tables in Markdown."""
    variants: tuple[tuple[str, Callable[[Cases], Cases]], ...] = ()
    """Changes of the cases under which the model is judged as well."""


def _of_two_classes(labels: np.ndarray, said: np.ndarray) -> Figures:
    return tuple(
        (name, bootstrap(metric, labels[:, 0], said[:, 0])) for name, metric in METRICS.items()
    )


TWO_CLASSES = Judge(main="AUC", figures=_of_two_classes)

SCREENING = Screening(threshold=PAPER_THRESHOLD.value, prevalence=0.4)
"""Low BMD is what lies at or below T −1 on the scale of the label; positive = low."""


def _of_density(labels: np.ndarray, said: np.ndarray) -> Figures:
    pair = labels[:, 0], said[:, 0]
    fit = tuple((name, bootstrap(metric, *pair)) for name, metric in REGRESSION_METRICS.items())
    low = labels[:, 0] <= SCREENING.threshold
    return (*fit, ("AUC of low BMD", bootstrap(known_auc, low.astype(float), -said[:, 0])))


def _density_details(cases: Cases, said: np.ndarray) -> str:
    pair = cases.labels[:, 0].double().numpy(), said[:, 0]
    agreement = regression_figures(*pair)[len(REGRESSION_METRICS) :]
    screening = SCREENING.figures(*pair)
    title = f"Screening: positive = BMD at or below {SCREENING.threshold:.3f} g/cm² (Lunar)"
    at = f"PPV and NPV at a prevalence of {SCREENING.prevalence:.2f}"
    return "\n\n".join(
        [_table("Agreement (Bland–Altman), g/cm²", agreement), _table(f"{title}; {at}", screening)]
    )


DENSITY = Judge(main="R²", figures=_of_density, details=_density_details)


def _of_findings(labels: np.ndarray, said: np.ndarray) -> Figures:
    macro = MacroAuc(tuple(range(labels.shape[1])))
    names = [label.lower().replace(" ", "_") for label in LABELS]
    five = MacroAuc(tuple(names.index(name) for name in COMPETITION))
    metrics: dict[str, Metric] = {
        "macro AUC": macro,
        "five-label AUC": five,
        "micro AUC": known_auc,
    }
    return tuple(
        (name, bootstrap(metric, labels, said, draws=FEW_DRAWS)) for name, metric in metrics.items()
    )


def _finding_details(cases: Cases, said: np.ndarray) -> str:
    labels = cases.labels.double().numpy()
    first = _slot_of("projection")
    is_ap = cases.values[:, first].numpy() > 0.5
    whole = label_figures(labels, said, LABELS, draws=FEW_DRAWS)
    groups = np.where(is_ap, "AP", "PA")
    parts = by_group(labels, said, LABELS, groups=groups, draws=FEW_DRAWS)
    head = "| AUC | all | " + " | ".join(f"within {name}" for name, _ in parts) + " |"
    lines = [head, "|---" * (len(parts) + 2) + "|"]
    for name, estimate in (*whole.averages, *whole.labels):
        cells = [str(estimate), *(str(part.figure(name)) for _, part in parts)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def projection_withheld(cases: Cases) -> Cases:
    """The same cases with the projection unknown."""
    known = cases.known.clone()
    known[:, CHEST.names.index("projection")] = False
    return replace(cases, known=known)


def projection_flipped(cases: Cases) -> Cases:
    """The same cases with AP said for PA and PA for AP."""
    first = _slot_of("projection")
    values = cases.values.clone()
    values[:, [first, first + 1]] = cases.values[:, [first + 1, first]]
    return replace(cases, values=values)


FOURTEEN_FINDINGS = Judge(
    main="macro AUC",
    figures=_of_findings,
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
    return "\n".join([*lines, *(f"| {name} | {estimate} |" for name, estimate in figures)])
