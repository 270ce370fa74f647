"""What a model is worth on held-out cases, and the text that says so."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.judges import Figures, Judge
from xattn.training.loop import predict_scores
from xattn.training.metrics import Estimate


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an evaluation: what was known of the cases, and the figures."""

    name: str
    cases: int
    figures: Figures

    def figure(self, name: str) -> Estimate:
        """The figure of this name."""
        return dict(self.figures)[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Rows for the model, what could be reached at best, v(nothing), and tables of detail.

    `main` names the figure that is compared with `bounds`, the same figure of the labels expected
    from the latent causes. `prior` and `means` are v(nothing) and the mean label in training, one
    per target, as probabilities or in the target's unit.
    """

    main: str
    rows: tuple[Row, ...]
    bounds: Figures
    prior: tuple[float, ...]
    means: tuple[float, ...]
    details: str = ""

    @property
    def text(self) -> str:
        """The evaluation in Markdown."""
        names = [name for name, _ in self.rows[0].figures]
        lines = [
            "| known of the case | n | " + " | ".join(names) + " |",
            "|---" * (len(names) + 2) + "|",
        ]
        for row in self.rows:
            cells = " | ".join(str(estimate) for _, estimate in row.figures)
            lines.append(f"| {row.name} | {row.cases} | {cells} |")
        gap = dict(self.bounds)["film and form"].value - self.rows[0].figure(self.main).value
        bounds = "; ".join(f"{name} {estimate}" for name, estimate in self.bounds)
        lines += [
            "",
            f"Best {self.main} given the latent causes, which pixels need not reach: {bounds}.",
            f"Gap of the model to it: {gap:.3f}.",
            "",
            f"v(nothing known): {_listed(self.prior)}.",
            f"Mean label in training: {_listed(self.means)}.",
        ]
        return "\n".join([*lines, *(["", self.details] if self.details else [])])


def evaluate(model: LoadedModel, cases: Cases, judge: Judge) -> Evaluation:
    """The figures of a model on cases it has not seen, with 95 % bootstrap intervals."""
    module = model.module
    unknown = replace(cases, known=torch.zeros_like(cases.known))
    fill = round(module.config.fill * 255)
    filmless = replace(cases, images=torch.full_like(cases.images, fill))
    labels = cases.labels.numpy().astype(np.float64)
    said = {
        name: _said(model, predict_scores(module, part).numpy())
        for name, part in (
            ("film and form", cases),
            ("film alone", unknown),
            ("form alone", filmless),
            *((name, change(cases)) for name, change in judge.variants),
        )
    }
    expected = cases.expected.numpy().astype(np.float64)
    bounds = tuple(
        (name, dict(judge.figures(labels, expected[:, column]))[judge.main])
        for column, name in enumerate(("film alone", "form alone", "film and form"))
    )
    return Evaluation(
        main=judge.main,
        rows=tuple(
            Row(name, len(cases), judge.figures(labels, each)) for name, each in said.items()
        ),
        bounds=bounds,
        prior=prior(model, cases),
        means=model.checkpoint.description.label_means,
        details=judge.details(cases, said["film and form"]),
    )


def prior(model: LoadedModel, cases: Cases) -> tuple[float, ...]:
    """v(nothing), one per target: every region filled, every field missing."""
    one = cases.take(torch.arange(1))
    images = torch.full(one.images.shape, model.module.config.fill)
    with torch.no_grad():
        scores = model.module(images, one.values, torch.zeros_like(one.known)).scores
    return tuple(float(value) for value in _said(model, scores.numpy())[0])


def _said(model: LoadedModel, scores: np.ndarray) -> np.ndarray:
    """What raw scores (N, K) say, one column per target, as a person reads it."""
    values = np.stack([target.of(scores.astype(np.float64)) for target in model.targets], axis=1)
    return model.plain(values)


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers)
