"""What the worker does for the case in hand: started, awaited briefly, followed, cancelled."""

import time
from dataclasses import dataclass, field
from typing import Literal

from pages.parts.state import Shown
from xattn.errors import CancelledError
from xattn.explain import DEFAULT_METHODS
from xattn.records import Attribution, Case, Explanation, Prediction, Target
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Job
from xattn.trust.assessment import Assessment
from xattn.trust.belief import Belief
from xattn.trust.evidence import ASKED_FOR, UNJUDGED, MapEvidence

State = Literal["ready", "pending", "cancelled", "failed"]
Result = Prediction | Attribution | Assessment | MapEvidence
AnyJob = Job[Prediction] | Job[Attribution] | Job[Assessment] | Job[MapEvidence]

PREDICTION, ASSESSMENT, EVIDENCE = "prediction", "assessment", "evidence"
FIRST = (ASSESSMENT, PREDICTION)
"""Asked for before every explanation: the gate comes before what the model says."""
QUICK = (*FIRST, "shapley")
"""What follows an edit of the form at once."""
PATIENCE_SECONDS = 2.0
"""How long a run waits for the quick ones before it shows what there is."""


@dataclass(slots=True)
class Work:
    """The jobs for one case; `owner` keeps sessions apart, `stopped` are those cancelled."""

    engine: Engine
    case: Case
    target: Target
    owner: str
    chosen: tuple[str, ...] = ()
    """Methods that run beside those that always do."""
    jobs: dict[str, AnyJob] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    earlier: frozenset[str] | None = None
    """Canonical pixels of the other films of the list; None where the film is on none."""
    judged: tuple[str, ...] = ()
    """The methods whose maps the evidence was asked for together."""
    awaited: frozenset[str] = frozenset()
    """What was under way when results were last collected, so that a page must follow it."""

    def __post_init__(self) -> None:
        self.ask()

    @property
    def methods(self) -> tuple[str, ...]:
        """Every explanation that is wanted."""
        return (*DEFAULT_METHODS, *self.chosen)

    def choose(self, chosen: tuple[str, ...]) -> None:
        """Run these beside those that always do; what is no longer wanted is stopped."""
        for name in set(self.chosen) - set(chosen):
            self.jobs.pop(name).cancel()
            self.stopped.discard(name)
        self.chosen = chosen
        self.ask()

    def ask(self) -> None:
        """Ask for everything that is neither there nor stopped; for the evidence, maps first."""
        for name in (*FIRST, *self.methods):
            if self._is_missing(name) and name not in self.stopped:
                self.jobs[name] = self._start(name)
        maps = self._maps()
        is_due = self._is_missing(EVIDENCE) or self.judged != tuple(maps)
        if is_due and self._is_settled and EVIDENCE not in self.stopped:
            self._judge(maps)

    @property
    def unfinished(self) -> dict[str, float]:
        """Share done of each piece of work under way, and of the evidence before it is begun."""
        shares = {name: job.progress for name, job in self.jobs.items() if not job.done}
        is_due = EVIDENCE not in self.stopped and self.judged != tuple(self._maps())
        return {**shares, EVIDENCE: 0.0} if is_due else shares

    def state(self, name: str) -> tuple[State, str]:
        """How far a piece of work is, and the sentence of its refusal."""
        job = self.jobs.get(name)
        if name == EVIDENCE and job is None and self._is_settled and not self._maps():
            return "ready", ""  # all maps were cancelled: there is nothing to wait for
        if job is None or not job.done:
            is_stopped = job is None and name in self.stopped
            return ("cancelled" if is_stopped else "pending"), ""
        if job.error is None:
            return "ready", ""
        return ("cancelled" if name in self.stopped else "failed"), str(job.error)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for gate, prediction and bars, no longer than this."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and any(name in self.unfinished for name in QUICK):
            time.sleep(0.005)

    def cancel(self, name: str) -> None:
        """Stop one explanation, or the evidence; what an earlier entry gave stays."""
        self.stopped.add(name)
        if name in self.jobs:
            self.jobs[name].cancel()

    def restart(self, name: str) -> None:
        """Ask again for what was cancelled."""
        self.stopped.discard(name)
        self.ask()

    def cancel_all(self) -> None:
        """Stop everything that is not finished: the entry has changed."""
        for job in self.jobs.values():
            job.cancel()

    def collect(self, shown: Shown) -> None:
        """Put every finished result in the place of the earlier one; nothing before the gate."""
        self.awaited = frozenset(self.unfinished)  # first: what ends from here on is drawn again
        if not self.jobs[ASSESSMENT].done:
            return
        if self.jobs[ASSESSMENT].error:
            shown.assessment = None
        for name, job in self.jobs.items():
            if job.done and job.error is None:
                _put(shown, name, job.result())

    def results(self, shown: Shown) -> list[tuple[str, Attribution]]:
        """What there is of every explanation that is wanted, of this entry or an earlier one."""
        found = shown.attributions
        return [(name, found[name]) for name in self.methods if name in found]

    def explanation(self, shown: Shown) -> Explanation | None:
        """All that is known of this very entry, for the report; None before its prediction."""
        if shown.prediction is None or self.is_earlier(shown.prediction):
            return None
        present = tuple(
            (name, entry) for name, entry in self.results(shown) if not self.is_earlier(entry)
        )
        return Explanation(self.case, shown.prediction, present)

    def belief(self, shown: Shown) -> Belief:
        """How far this very entry may be believed, as far as it was asked."""
        assessment, evidence = shown.assessment, shown.evidence
        return Belief(
            assessment if assessment and self.is_of_this(assessment) else None,
            evidence if evidence and self.is_of_this(evidence) else None,
            tuple(shown.tries),
        )

    def is_earlier(self, result: Prediction | Attribution) -> bool:
        """Whether a result was made for another form, box or target than those in hand."""
        digest = result.provenance.case_digest
        return digest != self.case.digest or result.target != self.target

    def is_of_this(self, result: Assessment | MapEvidence) -> bool:
        """Whether what was judged is the entry in hand."""
        return (result.case_digest, result.target) == (self.case.digest, self.target.name)

    @property
    def _is_settled(self) -> bool:
        """Whether no explanation is under way."""
        return all(self.jobs[name].done for name in self.methods if name in self.jobs)

    def _is_missing(self, name: str) -> bool:
        job = self.jobs.get(name)
        return job is None or isinstance(job.error, CancelledError)

    def _maps(self) -> dict[str, Attribution]:
        """The maps of this entry that are there and that evidence is made of."""
        found = {}
        for name in self.methods:
            job, is_asked = self.jobs.get(name), name not in UNJUDGED or name in ASKED_FOR
            if job and job.done and job.error is None and is_asked:
                result = job.result()
                if isinstance(result, Attribution) and result.maps:
                    found[name] = result
        return found

    def _judge(self, maps: dict[str, Attribution]) -> None:
        """Ask for the evidence of these maps together, in place of that of others."""
        if EVIDENCE in self.jobs:
            self.jobs.pop(EVIDENCE).cancel()
        self.judged = tuple(maps)
        if maps:
            self.jobs[EVIDENCE] = self.engine.start_evidence(
                self.case, maps, self.target, owner=self.owner
            )

    def _start(self, name: str) -> AnyJob:
        engine, target, owner = self.engine, self.target, self.owner
        if name == PREDICTION:
            return engine.start_prediction(self.case, target=target, owner=owner)
        if name == ASSESSMENT:
            return engine.start_assessment(
                self.case, target=target, owner=owner, earlier=self.earlier
            )
        return engine.start_explanation(self.case, name, target=target, owner=owner)


def _put(shown: Shown, name: str, result: Result) -> None:
    if isinstance(result, Prediction):
        shown.prediction = result
    elif isinstance(result, Assessment):
        shown.assessment = result
    elif isinstance(result, MapEvidence):
        shown.evidence = result
    else:
        shown.attributions[name] = result
