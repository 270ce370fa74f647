"""A cohort, case by case: prediction, exact Shapley of form and film, and where it lies.

Every number comes through the engine's worker and is kept, so that whoever stops goes on where
they were, and a second run computes nothing again. `cohort_summary` says what it comes to.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from xattn.archive.packing import Result
from xattn.errors import CancelledError, XattnError
from xattn.explain.grouping import IMAGE
from xattn.records import Attribution, Case, Film, Prediction, Target
from xattn.runtime.cohort_frames import areas, register
from xattn.runtime.cohort_keeping import Asked, Checks, Keeper
from xattn.runtime.cohort_members import Cohort, Member
from xattn.runtime.engine import Engine
from xattn.runtime.grading import grades
from xattn.runtime.worker import Job
from xattn.trust.agreement import per_pixel
from xattn.trust.anatomy import segments

Found = TypeVar("Found")
SHARES, REGIONS, INTERACTIONS = "shapley", "joint", "interactions"
"""The explainers that a cohort asks, by their keys."""
PREDICTION = "prediction"
WAIT_SECONDS = 0.1
"""How often a waiting run looks whether it was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Where:
    """Where a case's contributions lie, in the target's unit.

    `frame` names the standard outline, and `laid` (SIDE, SIDE) is the map on it per frame pixel;
    None with a `reason` where the outline was not found. `tables` holds, for the film and each
    known field's interaction with it, the sum over each of the named areas.
    """

    frame: str
    laid: np.ndarray | None
    dice: float | None
    reason: str
    areas: tuple[str, ...]
    tables: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CohortCase:
    """What was found of one member; `where` is None unless regions were asked for."""

    member: Member
    prediction: Prediction
    shares: Attribution
    checks: Checks
    where: Where | None = None

    @property
    def said(self) -> float:
        """What the model says as a person reads it: a probability, or a number in its unit."""
        found = self.prediction
        return found.value if found.probability is None else found.probability


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Step:
    """After each case: how many of how many, and what was found or why nothing was.

    `is_new` is False where all of it had been kept.
    """

    done: int
    total: int
    name: str
    case: CohortCase | None
    refusal: str = ""
    is_new: bool = True

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is asked of every case: regions take seconds each, all else takes a fraction of one."""

    has_regions: bool = False
    owner: str = "cohort"
    """Keeps this run's jobs apart from those of others, so that stopping stops its own."""


def run(
    engine: Engine,
    cohort: Cohort,
    keeper: Keeper,
    *,
    settings: Settings | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Step]:
    """One case after another; whoever stops asking, or sets `stop`, has cancelled.

    What is kept is not computed again. This runs in a thread of the caller's, never as a job of
    the engine's worker. A case that is refused says why, and the others go on.
    """
    asker = _Asker(engine, keeper, settings or Settings(), stop or threading.Event())
    target = engine.model.find_target(cohort.target)
    for done, member in enumerate(cohort.members, start=1):
        found, refusal, is_new = None, "", True
        try:
            found, is_new = asker.case(member, target)
        except CancelledError:
            return
        except XattnError as error:
            refusal = str(error)
        yield Step(
            done=done,
            total=len(cohort.members),
            name=member.name,
            case=found,
            refusal=refusal,
            is_new=is_new,
        )
        if asker.stop.is_set():
            return


@dataclass(slots=True)
class _Film:
    """A member's film and case, read when they are first needed."""

    engine: Engine
    member: Member
    made: Case | None = None

    @property
    def case(self) -> Case:
        if self.made is None:
            member = self.member
            self.made = self.engine.case(member.read(), member.form, box=member.box)
        return self.made


@dataclass(frozen=True, slots=True)
class _Asker:
    engine: Engine
    keeper: Keeper
    settings: Settings
    stop: threading.Event

    def case(self, member: Member, target: Target) -> tuple[CohortCase, bool]:
        """What is known of a member, and whether any of it was computed now."""
        film = _Film(self.engine, member)
        asked = Asked(member, self.engine.model.checkpoint.model_id, target)
        kept: list[bool] = []
        prediction = self._result(asked, film, PREDICTION, kept)
        shares = self._result(asked, film, SHARES, kept)
        assert isinstance(prediction, Prediction)
        assert isinstance(shares, Attribution)
        maps = [self._result(asked, film, each, kept) for each in self._maps(member)]
        checks = self._checks(asked, film, prediction, maps)
        where = where_of(film.case.film, maps) if maps else None
        found = CohortCase(
            member=member, prediction=prediction, shares=shares, checks=checks, where=where
        )
        return found, not all(kept)

    def _maps(self, member: Member) -> tuple[str, ...]:
        """Interactions need a form with at least one known field."""
        if not self.settings.has_regions:
            return ()
        return (REGIONS, INTERACTIONS) if member.form.known else (REGIONS,)

    def _result(self, asked: Asked, film: _Film, method: str, kept: list[bool]) -> Result:
        if self.stop.is_set():
            raise CancelledError("Cancelled; earlier results stay.")
        found = self.keeper.find(asked, method)
        kept.append(found is not None)
        if found is not None:
            return found
        engine, target, owner = self.engine, asked.target, self.settings.owner
        made: Result
        if method == PREDICTION:
            made = self._wait(engine.start_prediction(film.case, target=target, owner=owner))
        else:
            job = engine.start_explanation(film.case, method, target=target, owner=owner)
            made = self._wait(job)
        self.keeper.keep(asked, method, made)
        return made

    def _checks(
        self, asked: Asked, film: _Film, prediction: Prediction, maps: list[Result]
    ) -> Checks:
        kept = self.keeper.checks(asked)
        if kept is not None and (kept.tracks or not maps):
            return kept
        assessment = self._wait(
            self.engine.start_assessment(film.case, target=asked.target, owner=self.settings.owner)
        )
        graded = grades(prediction, assessment)
        tracks = self._tracks(asked, film, maps[0]) if maps else ""
        checks = Checks(graded, tracks)
        self.keeper.keep_checks(asked, checks)
        return checks

    def _tracks(self, asked: Asked, film: _Film, found: Result) -> str:
        """Whether the map of the regions tracks the model, asked of it alone."""
        assert isinstance(found, Attribution)
        shown = {REGIONS: found}
        job = self.engine.start_evidence(film.case, shown, asked.target, owner=self.settings.owner)
        return str(self._wait(job).verdicts[REGIONS].answer)

    def _wait(self, job: Job[Found]) -> Found:
        while True:
            try:
                return job.result(WAIT_SECONDS)
            except NotYet:
                if self.stop.is_set():
                    job.cancel()


def where_of(film: Film, maps: list[Result]) -> Where:
    """Where the regions' contributions lie, and each field's interactions with them."""
    first = maps[0]
    assert isinstance(first, Attribution)
    system, size = first.provenance.system, film.pixels.shape[0]
    parts = segments(film, system)
    named = areas(film, parts, system)
    laying = register(film, parts, system)
    whole = per_pixel(first, 0, size)
    rows = [(IMAGE, whole)]
    for result in maps[1:]:
        assert isinstance(result, Attribution)
        rows += [
            (each.name, per_pixel(result, number, size)) for number, each in enumerate(result.maps)
        ]
    return Where(
        frame=laying.frame,
        laid=None if laying.reason else laying.lay(whole),
        dice=laying.dice,
        reason=laying.reason,
        areas=tuple(name for name, _ in named),
        tables=tuple(
            (name, tuple(float(density[mask].sum()) for _, mask in named)) for name, density in rows
        ),
    )
