"""The device worker: one thread per device, through which all model work goes.

A job is a generator that yields after each batch. Between two batches the worker takes whatever is
most urgent, so an edit never waits for an explanation, and a cancelled job ends. Results are kept
by content key, a bounded number of them; they are the only cache of results.
"""

import heapq
import itertools
import logging
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import IntEnum
from types import TracebackType
from typing import Generic, TypeVar

from xattn.errors import CancelledError, XattnError
from xattn.explain.base import Steps

Result = TypeVar("Result")
CANCELLED = "Cancelled; earlier results stay."
logger = logging.getLogger(__name__)


class Urgency(IntEnum):
    """Who goes first."""

    PREDICTION = 0
    EXPLANATION = 1
    AHEAD = 2
    """What nobody waits for yet."""


class Job(Generic[Result]):
    """A piece of work in the worker: its progress, its end, and a way to stop it."""

    def __init__(self, steps: Callable[[], Steps[Result]]) -> None:
        self.progress = 0.0
        self._make = steps
        self._steps: Steps[Result] | None = None
        self.is_cancelled = False
        self._future: Future[Result] = Future()

    @property
    def done(self) -> bool:
        """Whether there is a result or an error."""
        return self._future.done()

    @property
    def error(self) -> XattnError | None:
        """Why there is no result, once done; faults of the program read as one plain sentence."""
        fault = self._future.exception() if self.done else None
        if fault is None or isinstance(fault, XattnError):
            return fault
        return XattnError("The work failed through a fault of the program; it was logged.")

    def cancel(self) -> None:
        """Stop before the next batch; a finished job stays as it is."""
        self.is_cancelled = True

    def result(self, timeout: float | None = None) -> Result:
        """The result, once there.

        Raises:
            XattnError: whatever the work raised; CancelledError after `cancel`.
            TimeoutError: if it takes longer than `timeout` seconds.
        """
        return self._future.result(timeout)

    def advance(self) -> None:
        """Run one batch, in the worker's thread; an exception ends the job, not the worker."""
        with self:
            if self.is_cancelled:
                raise CancelledError(CANCELLED)
            if self._steps is None:
                self._steps = self._make()
            try:
                self.progress = next(self._steps)
            except StopIteration as end:
                self.progress = 1.0
                self._future.set_result(end.value)

    def adopt(self, other: "Job[Result]") -> None:
        """End with the result of the same work for somebody else, unless cancelled."""
        with self:
            if self.is_cancelled:
                raise CancelledError(CANCELLED)
            if self._steps is not None:
                self._steps.close()
            self.progress = 1.0
            self._future.set_result(other.result())

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, fault: BaseException | None, __: TracebackType | None
    ) -> bool:
        if fault is None:
            return False
        if self._steps is not None:
            self._steps.close()
        if not isinstance(fault, XattnError):
            # Code lines alone: the exception's own text may hold what a person typed.
            place = "".join(traceback.format_tb(fault.__traceback__))
            logger.error("A job failed: %s\n%s", type(fault).__name__, place)
        self._future.set_exception(fault)
        return isinstance(fault, Exception)


class Worker:
    """One thread that runs jobs batch by batch, most urgent first, then in order of arrival."""

    def __init__(self, *, capacity: int = 256) -> None:
        self._capacity = capacity
        self._is_closed = False
        self._lock = threading.Lock()
        self._queue: list[tuple[int, int, tuple[str, Hashable], Job[object]]] = []
        self._pending: dict[tuple[str, Hashable], Job[object]] = {}
        self._results: OrderedDict[Hashable, Job[object]] = OrderedDict()
        self._order = itertools.count()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="xattn-worker")

    def submit(
        self,
        key: Hashable,
        steps: Callable[[], Steps[Result]],
        *,
        urgency: Urgency = Urgency.EXPLANATION,
        owner: str = "",
    ) -> Job[Result]:
        """The job for a content key: finished if its result is kept, else queued.

        `owner` keeps people apart who ask for the same: each may cancel only what is their own.
        A worker that was closed begins nothing more.
        """
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]  # type: ignore[return-value]  # the key fixes the type
            if self._is_closed:
                return _refused(steps)
            mine = (owner, key)
            if mine not in self._pending or self._pending[mine].is_cancelled:
                job: Job[object] = Job(steps)
                self._pending[mine] = job
                heapq.heappush(self._queue, (urgency, next(self._order), mine, job))
                self._thread.submit(self._turn)
            return self._pending[mine]  # type: ignore[return-value]

    def close(self) -> None:
        """End the thread after the batch in hand; unfinished jobs are cancelled."""
        with self._lock:
            self._is_closed = True
            for job in self._pending.values():
                job.cancel()
        self._thread.shutdown(wait=True)
        for job in [job for job in self._pending.values() if not job.done]:
            job.cancel()  # its next turn was refused by the thread, and somebody may wait for it
            job.advance()

    def _turn(self) -> None:
        with self._lock:
            urgency, order, mine, job = heapq.heappop(self._queue)
            known = self._results.get(mine[1])
        if known:
            job.adopt(known)
        else:
            job.advance()
        with self._lock:
            if not job.done:
                heapq.heappush(self._queue, (urgency, order, mine, job))
                self._thread.submit(self._turn)
                return
            if self._pending.get(mine) is job:
                del self._pending[mine]
            if job.error is None:
                self._keep(mine[1], job)

    def _keep(self, key: Hashable, job: Job[object]) -> None:
        self._results[key] = job
        while len(self._results) > self._capacity:
            self._results.popitem(last=False)


def _refused(steps: Callable[[], Steps[Result]]) -> Job[Result]:
    job = Job(steps)
    job.cancel()
    job.advance()
    return job
