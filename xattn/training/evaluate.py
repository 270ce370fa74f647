"""What a checkpoint is worth on held-out phantoms, and the card that says so."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.special import expit

from xattn.models.checkpoint import Checkpoint
from xattn.training.cases import Cases
from xattn.training.loop import predict_scores
from xattn.training.metrics import METRICS, Estimate, auc, bootstrap


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an evaluation: what was known of the cases, and the figures."""

    name: str
    cases: int
    figures: tuple[tuple[str, Estimate], ...]

    def figure(self, name: str) -> Estimate:
        """The figure of this name."""
        return dict(self.figures)[name]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Rows for the model, the Bayes-optimal AUCs of the same cases, and v(nothing)."""

    rows: tuple[Row, ...]
    bayes: tuple[tuple[str, Estimate], ...]
    prior: float
    prevalence: float

    @property
    def text(self) -> str:
        """The evaluation as a Markdown table."""
        names = [name for name, _ in self.rows[0].figures]
        lines = [
            "| known of the case | n | " + " | ".join(names) + " |",
            "|---" * (len(names) + 2) + "|",
        ]
        for row in self.rows:
            cells = " | ".join(str(estimate) for _, estimate in row.figures)
            lines.append(f"| {row.name} | {row.cases} | {cells} |")
        both = dict(self.bayes)["film and form"]
        gap = both.value - self.rows[0].figure("AUC").value
        bounds = "; ".join(f"{name} {estimate}" for name, estimate in self.bayes)
        lines += [
            "",
            f"Bayes-optimal AUC given the latent causes, which pixels need not reach: {bounds}.",
            f"Gap of the model to it: {gap:.3f}.",
            "",
            f"v(nothing known) as a probability: {self.prior:.3f}.",
            f"Prevalence in training: {self.prevalence:.3f}.",
        ]
        return "\n".join(lines)


def evaluate(checkpoint: Checkpoint, cases: Cases) -> Evaluation:
    """The figures of a checkpoint on cases it has not seen, with 95 % bootstrap intervals."""
    unknown = replace(cases, known=torch.zeros_like(cases.known))
    fill = round(checkpoint.module.config.fill * 255)
    filmless = replace(cases, images=torch.full_like(cases.images, fill))
    rows = tuple(
        _row(name, checkpoint, part)
        for name, part in (
            ("film and form", cases),
            ("film alone", unknown),
            ("form alone", filmless),
        )
    )
    labels = cases.labels.numpy()
    bayes = tuple(
        (name, bootstrap(auc, labels, cases.bayes[:, column].numpy()))
        for column, name in enumerate(("film alone", "form alone", "film and form"))
    )
    prior = prior_probability(checkpoint, cases)
    return Evaluation(rows, bayes, prior, checkpoint.description.prevalence)


def prior_probability(checkpoint: Checkpoint, cases: Cases) -> float:
    """The sigmoid of the calibrated v(nothing): every region filled, every field missing."""
    one = cases.take(torch.arange(1))
    images = torch.full(one.images.shape, checkpoint.module.config.fill)
    with torch.no_grad():
        scores = checkpoint.module(images, one.values, torch.zeros_like(one.known)).scores
    return float(expit(scores[0, 0].item() / checkpoint.calibration.temperature))


def _row(name: str, checkpoint: Checkpoint, cases: Cases) -> Row:
    scores = predict_scores(checkpoint.module, cases)[:, 0].numpy().astype(np.float64)
    probabilities = expit(scores / checkpoint.calibration.temperature)
    labels = cases.labels.numpy()
    return Row(
        name,
        len(cases),
        tuple((key, bootstrap(metric, labels, probabilities)) for key, metric in METRICS.items()),
    )
