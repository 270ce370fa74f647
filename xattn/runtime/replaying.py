"""Replay: the kept results of a case, computed again from its stored film, form and settings."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from xattn.archive.comparing import Kept, compare, kept
from xattn.archive.packing import Result
from xattn.archive.store import Archive, Stored
from xattn.data.placement import Box
from xattn.data.radiograph import Radiograph
from xattn.errors import ExplainError, ReportError, XattnError
from xattn.explain import EXPLAINERS
from xattn.explain.base import Explainer, Game, drain
from xattn.explain.contrast import TEACHER
from xattn.explain.film import EncodedFilm
from xattn.records import Case, Facts
from xattn.reports.stored import StoredExplanation
from xattn.runtime.engine import Engine

SEED, PRECISION = "pool seed", "pool precision"
"""Settings of a method that draws masked films which are not its own: `Explainer.provenance`."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one result: equal to the bit, within 1e-4, different, or not replayed."""

    method: str
    target: str
    outcome: str
    largest: float | None = None
    """The largest difference of any number; None if it was not replayed."""

    @property
    def is_same(self) -> bool:
        """Whether the numbers came again, if only within the tolerance."""
        return self.largest is not None and self.outcome != "different"

    @property
    def sentence(self) -> str:
        """The line that the command prints."""
        gap = f" (largest difference {self.largest:.2g})" if self.largest else ""
        return f"{self.method} of {self.target}: {self.outcome}{gap}"


def stored_case(engine: Engine, archive: Archive, stored: Stored) -> Case:
    """A case of the archive as the engine reads it now.

    Raises:
        ArchiveError: if the film is missing or damaged.
        SchemaError: if the form is one that this version refuses.
    """
    box = Box(*stored.box) if stored.box else None
    return engine.case(archive.film(stored), stored.form, box=box)


def replay(engine: Engine, archive: Archive, number: int) -> Iterator[Replayed]:
    """Each kept result of a case against the same computed now, oldest first.

    Raises:
        ArchiveError: if there is no such case, or what is stored is damaged.
    """
    case = stored_case(engine, archive, archive.case(number))
    yield from _outcomes(_Again(engine, case), kept(archive, number))


def replay_file(
    engine: Engine, radiograph: Radiograph, stored: StoredExplanation
) -> Iterator[Replayed]:
    """The prediction and every attribution of an explanation.json against the same computed now.

    Differences to a teacher's are left out: they follow from those.

    Raises:
        ReportError: if the film is another than it was made of.
        SchemaError: if the form is one that this version refuses.
    """
    if radiograph.pixel_sha256 != stored.pixels:
        raise ReportError(
            "The film that the explanation was made of was expected, however: its pixels differ."
        )
    case = engine.case(radiograph, stored.entries, box=stored.box)
    results: list[tuple[str, Result]] = [("prediction", stored.prediction)]
    results += [
        (key, entry)
        for key, entry in stored.attributions
        if TEACHER not in dict(entry.provenance.settings)
    ]
    entries = (
        Kept(method, result.provenance.model_id, result.provenance.case_digest, result)
        for method, result in results
    )
    yield from _outcomes(_Again(engine, case), entries)


def _outcomes(again: "_Again", entries: Iterable[Kept]) -> Iterator[Replayed]:
    for entry in entries:
        target = entry.result.target.name
        if reason := again.why_not(entry):
            yield Replayed(entry.method, target, f"not replayed: {reason}")
            continue
        try:
            outcome, largest = compare(entry.result, again.result(entry))
        except XattnError as refusal:
            yield Replayed(entry.method, target, f"not replayed: {refusal}")
        else:
            yield Replayed(entry.method, target, outcome, largest)


class _Again:
    """A case whose results are computed again; films are encoded once per seed and precision."""

    def __init__(self, engine: Engine, case: Case) -> None:
        self._engine = engine
        self._case = case
        self._films: dict[tuple[int, bool], EncodedFilm] = {}

    def why_not(self, entry: Kept) -> str:
        """Why a result cannot be computed again; empty if it can."""
        if entry.model != self._engine.model.checkpoint.model_id:
            return "it was made by another model; name its checkpoint."
        if entry.digest != self._case.digest:
            return "it was made on another form or box than the case was stored with."
        if entry.method != "prediction" and entry.method not in EXPLAINERS:
            return "this version has no such method."
        return ""

    def result(self, entry: Kept) -> Result:
        """The same method with the same settings, now."""
        target = self._engine.model.find_target(entry.result.target.name)
        if entry.method == "prediction":
            return self._engine.predict(self._case, target=target)
        settings = dict(entry.result.provenance.settings)
        seed, precision = settings.pop(SEED, "0"), settings.pop(PRECISION, "")
        is_rounded = precision == "bfloat16" if precision else self._engine.model.is_rounded
        explainer = with_settings(EXPLAINERS[entry.method], tuple(settings.items()))
        film = self._film(int(seed), is_rounded=is_rounded)
        return drain(explainer.run(Game(film.model, self._case, target, film)))

    def _film(self, seed: int, *, is_rounded: bool) -> EncodedFilm:
        if (seed, is_rounded) not in self._films:
            model = replace(self._engine.model, is_rounded=is_rounded)
            film = EncodedFilm(model, self._case.film, seed=seed)
            self._films[seed, is_rounded] = film
        return self._films[seed, is_rounded]


def with_settings(explainer: Explainer, settings: Facts) -> Explainer:
    """An explainer with the settings that a result's provenance names.

    Raises:
        ExplainError: if this version has other settings.
    """
    now = dict(explainer.settings)
    if set(now) != set(dict(settings)):
        raise ExplainError("This version of the method has other settings.")
    changed = {
        name: _parsed(text, getattr(explainer, name))
        for name, text in settings
        if text != now[name]
    }
    return replace(explainer, **changed)


def _parsed(text: str, like: object) -> object:
    """A setting from its text; a word stays a word."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        if isinstance(like, str | None):
            return text
        raise ExplainError("This version of the method has other settings.") from None
