"""What a model is worth on held-out cases, and the text that says so."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from xattn.models.network import Network
from xattn.models.tokens import ImageTokens
from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.judges import Figures, Judge
from xattn.training.metrics import Estimate

BATCH = 64


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
    unknown = replace(cases, known=torch.zeros_like(cases.known))
    forms = {"film and form": cases, "film alone": unknown}
    forms |= {name: change(cases) for name, change in judge.variants}
    found = _scores(model.module, cases, forms)
    order = ("film and form", "film alone", "form alone", *dict(judge.variants))
    said = {name: _said(model, found[name].numpy()) for name in order}
    labels = cases.labels.numpy().astype(np.float64)
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
    with torch.no_grad():
        blank = _blank(model.module, one)
        scores = model.module.fuse(blank, one.values, torch.zeros_like(one.known)).scores
    return tuple(float(value) for value in _said(model, scores.numpy())[0])


def _scores(module: Network, cases: Cases, forms: dict[str, Cases]) -> dict[str, torch.Tensor]:
    """Raw scores (N, K) of the films under each of several forms, and of the forms alone.

    A film is encoded once, whatever the number of forms it meets.
    """
    parts: dict[str, list[torch.Tensor]] = {name: [] for name in (*forms, "form alone")}
    device = next(module.parameters()).device
    with torch.no_grad():
        blank = _blank(module, cases)
        for index in torch.split(torch.arange(len(cases)), BATCH):
            films = cases.images[index].to(device).float() / 255
            tokens = module.encode_image(films.contiguous(memory_format=torch.channels_last))
            met = {name: (tokens, each) for name, each in forms.items()} | {
                "form alone": (blank, cases)
            }
            for name, (film, each) in met.items():
                values, known = each.values[index].to(device), each.known[index].to(device)
                parts[name].append(module.fuse(film, values, known).scores.float().cpu())
    return {name: torch.cat(scores) for name, scores in parts.items()}


def _blank(module: Network, cases: Cases) -> ImageTokens:
    device = next(module.parameters()).device
    return module.encode_image(
        torch.full((1, *cases.images.shape[1:]), module.config.fill).to(device)
    )


def _said(model: LoadedModel, scores: np.ndarray) -> np.ndarray:
    """What raw scores (N, K) say, one column per target, as a person reads it."""
    values = np.stack([target.of(scores.astype(np.float64)) for target in model.targets], axis=1)
    return model.plain(values)


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers)
