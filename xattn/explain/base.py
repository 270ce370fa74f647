"""The contract of an explainer, and the game that all of them play.

An explainer is a frozen dataclass whose fields are its settings. Called with a model, a case and a
target it returns an `Attribution`; run by the worker it is a generator that yields the share done
after each batch. It changes nothing in the model: gradients are `torch.autograd.grad` on returned
tensors, never hooks, never `backward`.
"""

import platform
from abc import ABC, abstractmethod
from collections.abc import Generator, Hashable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from importlib.metadata import version
from typing import ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor

from xattn.errors import ExplainError
from xattn.explain.film import EncodedFilm
from xattn.models.tokens import ImageTokens, Output
from xattn.records import Attribution, Case, Facts, Kind, Provenance, Target
from xattn.systems import LoadedModel

FORMS_AT_ONCE = 128
"""Forms per fusion pass: fixed, because another batch size may round differently."""

Result = TypeVar("Result")
Steps = Generator[float, None, Result]
"""Work in parts: yields the share done after each batch, returns its result."""


class Game:
    """One case under one model and target, as a function of what is known of it.

    Players are the film's regions and the form's known fields. v(nothing) is the model's own prior:
    every region filled, every field missing.
    """

    def __init__(
        self, model: LoadedModel, case: Case, target: Target, film: EncodedFilm | None = None
    ) -> None:
        self.model = model
        self.case = case
        self.target = target
        self.film = film or EncodedFilm(model, case.film)
        self.schema = model.system.schema

    @cached_property
    def form(self) -> tuple[Tensor, Tensor]:
        """The encoded form: slots (1, S) and what is known (1, F)."""
        encoding = self.schema.encode(self.case.form)
        device = self.model.device
        values = torch.from_numpy(encoding.values)[None].to(device)
        return values, torch.from_numpy(encoding.known)[None].to(device)

    @property
    def fields(self) -> tuple[str, ...]:
        """The players of the form: the fields that hold a value."""
        return self.case.form.known

    @cached_property
    def value(self) -> float:
        """v(everything): the prediction, in the target's unit."""
        return float(self.of_forms(self.film.tokens, self.form[1].cpu().numpy())[0])

    @cached_property
    def reference(self) -> float:
        """v(nothing): film and form absent."""
        return float(self.of_forms(self.film.nothing, np.zeros_like(self.form[1].cpu().numpy()))[0])

    def fuse(self, image: ImageTokens, known: Tensor | None = None) -> Output:
        """The model's output for tokens of the film and the form with only `known` (M, F) left."""
        values, complete = self.form
        known = complete if known is None else known
        return self.model.module.fuse(image, values.expand(known.shape[0], -1), known)

    def of_forms(self, image: ImageTokens, known: np.ndarray) -> np.ndarray:
        """Values (M,) float64 of one film's tokens with only `known` (M, F) of the form left."""
        return np.asarray(self.target.of(self._scores_of_forms(image, known)))

    def of_coalitions(self, known: np.ndarray, *, is_film_there: bool) -> np.ndarray:
        """Values (M,) float64 of the film, or of the absent film, with only `known` (M, F) left.

        The raw scores are kept with the film: after an edit of the form only the coalitions that
        hold what was edited are new.
        """
        image = self.film.tokens if is_film_there else self.film.nothing
        kept = self.film.with_film if is_film_there else self.film.without_film
        is_slot_known = np.repeat(known, self.schema.sizes, axis=1)
        slots = np.where(is_slot_known, self.form[0].cpu().numpy(), np.float32(0))
        scores = kept.scores(
            np.concatenate([known, slots], axis=1, dtype=np.float32),
            lambda rows: self._scores_of_forms(image, known[rows]),
            batch=FORMS_AT_ONCE,
        )
        return np.asarray(self.target.of(scores))

    def _scores_of_forms(self, image: ImageTokens, known: np.ndarray) -> np.ndarray:
        """The raw scores (M, outputs) float64 of one film's tokens with forms."""
        masks = torch.from_numpy(known).to(self.model.device)
        with torch.no_grad():
            parts = [
                self.fuse(image, part).scores.double() for part in torch.split(masks, FORMS_AT_ONCE)
            ]
        return np.asarray(torch.cat(parts).cpu().numpy())

    def of_films(self, films: list[ImageTokens]) -> np.ndarray:
        """Values (M,) float64 of masked films, in batches, with the form as it is."""
        _, known = self.form
        with torch.no_grad():
            parts = [
                self.target.of(
                    self.fuse(film, known.expand(film.tokens.shape[0], -1)).scores.double()
                )
                for film in films
            ]
        return np.asarray(torch.cat(parts).cpu().numpy())

    @cached_property
    def rounding(self) -> float:
        """What rounding the pool changes at most, in the target's unit, where it was measured."""
        if not self.model.is_rounded:
            return 0.0
        kept, exact = (self.of_films([films]) for films in self.film.pair)
        return float(np.abs(kept - exact).max())

    def of_pairs(
        self, films: ImageTokens, known: np.ndarray, *, key: Hashable = None
    ) -> np.ndarray:
        """Values (M, K) float64 of M masked films, each with only `known` (M, K, F) of the form.

        Under a `key` that names films and `known`, the raw scores are kept with the film, so that
        another target of the same form costs no fusion.
        """

        def made() -> np.ndarray:
            return self._scores_of_pairs(films, known)

        scores = made() if key is None else self.film.scores((self.case.digest, key), made)
        return np.asarray(self.target.of(scores)).reshape(known.shape[:2])

    def _scores_of_pairs(self, films: ImageTokens, known: np.ndarray) -> np.ndarray:
        """The raw scores (M · K, outputs) float64 of masked films with their forms."""
        count, forms = known.shape[:2]
        masks = torch.from_numpy(known).to(self.model.device)
        step = max(1, FORMS_AT_ONCE // forms)
        parts = []
        with torch.no_grad():
            for first in range(0, count, step):
                tokens = films.tokens[first : first + step].repeat_interleave(forms, dim=0)
                image = replace(films, tokens=tokens, features=films.features[:0])
                output = self.fuse(image, masks[first : first + step].flatten(0, 1))
                parts.append(output.scores.double())
        return np.asarray(torch.cat(parts).cpu().numpy())

    def gradient(self, images: Tensor) -> tuple[ImageTokens, Tensor]:
        """Tokens of images (M, 1, S, S) and values (M,) with the form as it is, differentiable."""
        with torch.enable_grad():
            tokens = self.model.module.encode_image(images.requires_grad_())
            known = self.form[1].expand(images.shape[0], -1)
            return tokens, self.target.of(self.fuse(tokens, known).scores)


@dataclass(frozen=True, kw_only=True)
class Explainer(ABC):
    """One method with its settings; hashable, so that the instance is its own cache key."""

    label: ClassVar[str]
    kind: ClassVar[Kind]
    is_foreign: ClassVar[bool] = False
    """Whether a library does the work that hooks models or calls back, so that the worker gives it
    a deep copy of the model and an exclusive turn."""

    draws_pool: ClassVar[bool] = False
    """Whether it reads the film's pool, whose seed is then among its settings."""

    is_quick: ClassVar[bool] = False
    """Whether it answers in one pass, so that it need not wait for others."""

    is_by_field: ClassVar[bool] = False
    """Whether its maps are one per field, so that none of them is the map of the value."""

    def __call__(self, model: LoadedModel, case: Case, target: Target) -> Attribution:
        """The attribution of one prediction.

        Raises:
            ExplainError: if the result is not finite, or the model does not offer what is needed.
        """
        return drain(self.run(Game(model, case, target)))

    def run(self, game: Game) -> Steps[Attribution]:
        """The attribution in steps, checked as a result before anyone sees it."""
        attribution = yield from self.steps(game)
        numbers = [entry.values for entry in attribution.maps]
        numbers += [np.array([number for _, number in attribution.players])]
        if not all(np.isfinite(values).all() for values in numbers):
            raise ExplainError(f"{self.label} gave numbers that are not finite; nothing is shown.")
        return attribution

    @abstractmethod
    def steps(self, game: Game) -> Steps[Attribution]:
        """The method itself."""

    @property
    def settings(self) -> Facts:
        """The settings by name, as text: for provenance and the report's method line."""
        return tuple((field.name, str(getattr(self, field.name))) for field in fields(self))

    def blank(self, game: Game) -> Attribution:
        """The attribution before its numbers: what, of which case, by which method and settings."""
        return Attribution(
            method=self.label,
            kind=self.kind,
            unit="" if self.kind == "relative" else game.target.unit,
            target=game.target,
            placement=game.case.film.placement,
            provenance=self.provenance(game),
        )

    def provenance(self, game: Game) -> Provenance:
        """All that is needed to get the same numbers again."""
        precision = "bfloat16" if game.model.is_rounded else "float32"
        pool = (("pool seed", str(game.film.seed)), ("pool precision", precision))
        settings = (*self.settings, *pool) if self.draws_pool else self.settings
        return provenance(game.model, game.case, method=self.label, settings=settings)


def provenance(model: LoadedModel, case: Case, *, method: str, settings: Facts) -> Provenance:
    """Where a number comes from: model, case, method, settings, machine."""
    description = model.checkpoint.description
    packages = ("torch", "numpy", "scikit-image", "xattn")
    return Provenance(
        system=model.system.name,
        model_id=model.checkpoint.model_id,
        model_version=description.version,
        preset=description.preset,
        training_data=description.training_data,
        case_digest=case.digest,
        file_sha256=case.film.radiograph.file_sha256,
        method=method,
        settings=settings,
        device=model.device.type,
        threads=torch.get_num_threads(),
        versions=(
            ("python", platform.python_version()),
            *((name, _version(name)) for name in packages),
        ),
    )


def drain(steps: Steps[Result]) -> Result:
    """Run steps to their end and give back their result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # the generator's declared result


def scaled(steps: Steps[Result], start: float, end: float) -> Steps[Result]:
    """The same steps, with their shares done between two others."""
    while True:
        try:
            share = next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the generator's declared result
        yield start + (end - start) * share


def _version(name: str) -> str:
    import xattn

    return xattn.__version__ if name == "xattn" else version(name)
