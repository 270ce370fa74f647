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
from xattn.training.subgroups import Subgroup, subgroups

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
    from the latent causes, and that is given by `subgroups`; of patients nobody knows the causes,
    and `bounds` is empty. `prior` and `means` are v(nothing) and the mean label in training, one
    per target, as probabilities or in the target's unit.
    """

    main: str
    rows: tuple[Row, ...]
    bounds: Figures
    prior: tuple[float, ...]
    means: tuple[float, ...]
    subgroups: tuple[Subgroup, ...] = ()
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
        lines += ["", *self._best]
        lines += [
            f"v(nothing known): {_listed(self.prior)}.",
            f"Mean label in training: {_listed(self.means)}.",
        ]
        if self.subgroups:
            lines += ["", f"| subgroup of film and form | n | {self.main} |", "|---|---|---|"]
            lines += [str(group) for group in self.subgroups]
        return "\n".join([*lines, *(["", self.details] if self.details else [])])

    @property
    def _best(self) -> list[str]:
        if not self.bounds:
            return []
        gap = dict(self.bounds)["film and form"].value - self.rows[0].figure(self.main).value
        bounds = "; ".join(f"{name} {estimate}" for name, estimate in self.bounds)
        return [
            f"Best {self.main} given the latent causes, which pixels need not reach: {bounds}.",
            f"Gap of the model to it: {gap:.3f}.",
            "",
        ]


def evaluate(
    model: LoadedModel, cases: Cases, judge: Judge, studies: np.ndarray | None = None
) -> Evaluation:
    """The figures of a model on cases it has not seen, with 95 % bootstrap intervals.

    `studies` (N,) are keys of examinations: their views are then judged together as well.
    """
    unknown = replace(cases, known=torch.zeros_like(cases.known))
    forms = {"film and form": cases, "film alone": unknown}
    forms |= {name: change(cases) for name, change in judge.variants}
    found = _scores(model.module, cases, forms)
    order = ("film and form", "film alone", "form alone", *dict(judge.variants))
    said = {name: what_is_said(model, found[name].numpy()) for name in order}
    labels = cases.labels.numpy().astype(np.float64)
    rows = [Row(name, len(cases), judge.figures(labels, each)) for name, each in said.items()]
    whole = said["film and form"]
    if studies is not None:
        pair = by_study(labels, studies), by_study(whole, studies)
        rows.append(Row("by study, highest of its views", len(pair[0]), judge.figures(*pair)))
    return Evaluation(
        main=judge.main,
        rows=tuple(rows),
        bounds=_bounds(cases, labels, judge),
        prior=prior(model, cases),
        means=model.checkpoint.description.label_means,
        subgroups=subgroups(
            judge.groupings, model.system.schema, cases, whole, figure=judge.main_figure
        ),
        details=judge.details(cases, whole),
    )


def what_is_said(model: LoadedModel, scores: np.ndarray) -> np.ndarray:
    """What raw scores (N, K) say, one column per target, as a person reads it."""
    values = np.stack([target.of(scores.astype(np.float64)) for target in model.targets], axis=1)
    return model.plain(values)


def by_study(values: np.ndarray, studies: np.ndarray) -> np.ndarray:
    """The highest of each column of values (N, K) within each study (N,), in order of the keys.

    CheXpert's test set is labelled by study: the highest probability of its views is a study's.
    NaN where every view's is.
    """
    keys, place = np.unique(studies, return_inverse=True)
    highest = np.full((len(keys), values.shape[1]), np.nan)
    np.fmax.at(highest, place, values)
    return highest


def _bounds(cases: Cases, labels: np.ndarray, judge: Judge) -> Figures:
    """The main figure of the labels expected from the causes; nothing where these are not known."""
    expected = cases.expected.numpy().astype(np.float64)
    if np.isnan(expected).any():
        return ()
    return tuple(
        (name, judge.main_figure(labels, expected[:, column]))
        for column, name in enumerate(("film alone", "form alone", "film and form"))
    )


def prior(model: LoadedModel, cases: Cases) -> tuple[float, ...]:
    """v(nothing), one per target: every region filled, every field missing."""
    one = cases.take(torch.arange(1))
    device = next(model.module.parameters()).device
    values, known = one.values.to(device), torch.zeros_like(one.known, device=device)
    with torch.no_grad():
        scores = model.module.fuse(blank_film(model.module, one), values, known).scores
    return tuple(float(value) for value in what_is_said(model, scores.float().cpu().numpy())[0])


def _scores(module: Network, cases: Cases, forms: dict[str, Cases]) -> dict[str, torch.Tensor]:
    """Raw scores (N, K) of the films under each of several forms, and of the forms alone.

    A film is encoded once, whatever the number of forms it meets.
    """
    parts: dict[str, list[torch.Tensor]] = {name: [] for name in (*forms, "form alone")}
    device = next(module.parameters()).device
    with torch.no_grad():
        blank = blank_film(module, cases)
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


def blank_film(module: Network, cases: Cases) -> ImageTokens:
    """A film of the cases' size with every region filled, encoded."""
    device = next(module.parameters()).device
    return module.encode_image(
        torch.full((1, *cases.images.shape[1:]), module.config.fill).to(device)
    )


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers)
