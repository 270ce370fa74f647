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

State = Literal["ready", "pending", "cancelled", "failed"]
QUICK = ("prediction", "shapley")
"""What follows an edit of the form at once."""
PATIENCE_SECONDS = 1.5
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
    jobs: dict[str, Job[Prediction] | Job[Attribution]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
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
        """Ask for the prediction and every explanation that is neither there nor stopped."""
        for name in ("prediction", *self.methods):
            job = self.jobs.get(name)
            is_missing = job is None or isinstance(job.error, CancelledError)
            if is_missing and name not in self.stopped:
                self.jobs[name] = self._start(name)

    @property
    def unfinished(self) -> dict[str, float]:
        """Share done of each piece of work under way."""
        return {name: job.progress for name, job in self.jobs.items() if not job.done}

    def state(self, name: str) -> tuple[State, str]:
        """How far a piece of work is, and the sentence of its refusal."""
        job = self.jobs[name]
        if not job.done:
            return "pending", ""
        if job.error is None:
            return "ready", ""
        return ("cancelled" if name in self.stopped else "failed"), str(job.error)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for prediction and bars, no longer than this."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and any(name in self.unfinished for name in QUICK):
            time.sleep(0.005)

    def cancel(self, name: str) -> None:
        """Stop one explanation; what an earlier entry gave stays."""
        self.stopped.add(name)
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
        """Put every finished result in the place of the earlier one."""
        self.awaited = frozenset(self.unfinished)  # first: what ends from here on is drawn again
        for name, job in self.jobs.items():
            if job.done and job.error is None:
                result = job.result()
                if isinstance(result, Prediction):
                    shown.prediction = result
                else:
                    shown.attributions[name] = result

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

    def is_earlier(self, result: Prediction | Attribution) -> bool:
        """Whether a result was made for another form, box or target than those in hand."""
        digest = result.provenance.case_digest
        return digest != self.case.digest or result.target != self.target

    def _start(self, name: str) -> Job[Prediction] | Job[Attribution]:
        engine, target, owner = self.engine, self.target, self.owner
        if name == "prediction":
            return engine.start_prediction(self.case, target=target, owner=owner)
        return engine.start_explanation(self.case, name, target=target, owner=owner)
