"""A library in a thread of its own: only the batches that it asks for are answered in the worker.

The worker runs one generator at a time. While a library draws, fits or compiles, its generator does
no more than look whether a batch has come, so that predictions and other work go in between.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from xattn.errors import CancelledError
from xattn.explain.base import Steps

Batch = TypeVar("Batch")
Answer = TypeVar("Answer")
Result = TypeVar("Result")

LOOK_SECONDS = 0.005
"""How long one step waits for a batch before others may go."""


class Questions(Generic[Batch, Answer]):
    """What a library calls in place of the model: each batch waits here until it is answered."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Batch, Future[Answer]]] = SimpleQueue()
        self._is_closed = threading.Event()

    def __call__(self, batch: Batch) -> Answer:
        """The answer to a batch, in the library's thread.

        Raises:
            CancelledError: if nobody is there to answer any more.
        """
        answer: Future[Answer] = Future()
        self._asked.put((batch, answer))
        if self._is_closed.is_set():  # by whoever closes, or here where that came just before
            self.close()
        return answer.result()

    def answer_next(self, model: Callable[[Batch], Answer]) -> bool:
        """Answer one batch if there is one; whether there was."""
        try:
            batch, answer = self._asked.get(timeout=LOOK_SECONDS)
        except Empty:
            return False
        try:
            answer.set_result(model(batch))
        finally:
            _give_up(answer)
        return True

    def close(self) -> None:
        """Answer nothing more: a library that waits, or asks again, ends by an exception."""
        self._is_closed.set()
        with suppress(Empty):
            while True:
                _give_up(self._asked.get_nowait()[1])


def outside(
    library: Callable[[Questions[Batch, Answer]], Result],
    model: Callable[[Batch], Answer],
    *,
    batches: int,
) -> Steps[Result]:
    """The result of `library`, run in a thread of its own; `model` answers here, batch by batch.

    `batches` is how many it will ask for. What `library` raises is raised here; when the steps are
    closed, or `model` fails, its next question ends the thread.
    """
    questions: Questions[Batch, Answer] = Questions()
    result: Future[Result] = Future()

    def run() -> None:
        try:
            result.set_result(library(questions))
        except BaseException as fault:  # noqa: BLE001  # carried over to the worker and raised there
            result.set_exception(fault)

    # A daemon, so that a program may end while a job is left half done.
    threading.Thread(target=run, name="xattn-library", daemon=True).start()
    answered = 0
    try:
        while not result.done():
            answered += questions.answer_next(model)
            yield min(1.0, answered / batches)
        return result.result()
    finally:
        questions.close()


def _give_up(answer: Future[Answer]) -> None:
    """Let whoever waits for an answer that will not come go on, by an exception."""
    if not answer.done():
        answer.set_exception(CancelledError("Cancelled; earlier results stay."))
