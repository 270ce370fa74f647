"""The worker: order, cancel, isolation of faults, bounded results."""

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from xattn.errors import CancelledError, SchemaError
from xattn.explain.base import Steps
from xattn.runtime.worker import Urgency, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(capacity=3)
    yield worker
    worker.close()


def counting(log: list[str], name: str, batches: int = 3) -> Callable[[], Steps[str]]:
    def steps() -> Steps[str]:
        for batch in range(batches):
            log.append(f"{name}{batch}")
            yield (batch + 1) / batches
        return name

    return steps


def gate(opened: threading.Event) -> Callable[[], Steps[str]]:
    def steps() -> Steps[str]:
        opened.wait(10)
        yield 0.5
        return "gate"

    return steps


def test_urgent_work_goes_between_the_batches_of_other_work(worker: Worker):
    log: list[str] = []
    opened = threading.Event()
    worker.submit("gate", gate(opened), urgency=Urgency.PREDICTION)
    slow = worker.submit("slow", counting(log, "slow"))
    late = worker.submit("late", counting(log, "late"))
    quick = worker.submit("quick", counting(log, "quick", 1), urgency=Urgency.PREDICTION)
    opened.set()
    assert (slow.result(10), late.result(10), quick.result(10)) == ("slow", "late", "quick")
    assert log == ["quick0", "slow0", "slow1", "slow2", "late0", "late1", "late2"]
    assert slow.progress == 1.0


def test_work_ahead_runs_where_no_other_waits(worker: Worker):
    log: list[str] = []
    opened = threading.Event()
    worker.submit("gate", gate(opened), urgency=Urgency.PREDICTION)
    ahead = worker.submit("ahead", counting(log, "ahead"), urgency=Urgency.AHEAD)
    late = worker.submit("late", counting(log, "late"))
    opened.set()
    assert (late.result(10), ahead.result(10)) == ("late", "ahead")
    assert log == ["late0", "late1", "late2", "ahead0", "ahead1", "ahead2"]


def test_what_was_made_for_another_meanwhile_is_taken_over(worker: Worker):
    log: list[str] = []
    opened = threading.Event()
    worker.submit("gate", gate(opened), urgency=Urgency.PREDICTION)
    ahead = worker.submit("key", counting(log, "a"), urgency=Urgency.AHEAD, owner="ahead")
    cancelled = worker.submit("key", counting(log, "b"), urgency=Urgency.AHEAD, owner="gone")
    asked = worker.submit("key", counting(log, "c"), owner="reader")
    cancelled.cancel()
    opened.set()
    assert (asked.result(10), ahead.result(10), ahead.progress) == ("c", "c", 1.0)
    with pytest.raises(CancelledError):
        cancelled.result(10)
    assert log == ["c0", "c1", "c2"]


def test_the_same_key_is_computed_once(worker: Worker):
    log: list[str] = []
    first = worker.submit("key", counting(log, "a"))
    assert first.result(10) == "a"
    assert worker.submit("key", counting(log, "b")).result(10) == "a"
    assert log == ["a0", "a1", "a2"]


def test_results_are_bounded_and_the_oldest_goes(worker: Worker):
    log: list[str] = []
    for name in "abcd":
        worker.submit(name, counting(log, name, 1)).result(10)
    worker.submit("d", counting(log, "again", 1)).result(10)
    worker.submit("a", counting(log, "a", 1)).result(10)
    assert log == ["a0", "b0", "c0", "d0", "a0"]


def test_a_cancelled_job_stops_before_its_next_batch(worker: Worker):
    log: list[str] = []
    opened = threading.Event()
    worker.submit("gate", gate(opened), urgency=Urgency.PREDICTION)
    job = worker.submit("slow", counting(log, "slow"))
    job.cancel()
    opened.set()
    with pytest.raises(CancelledError):
        job.result(10)
    assert log == []
    assert isinstance(job.error, CancelledError)
    assert worker.submit("slow", counting(log, "slow")).result(10) == "slow"


def test_work_asked_for_again_right_after_a_cancel_is_done(worker: Worker):
    opened = threading.Event()
    worker.submit("gate", gate(opened), urgency=Urgency.PREDICTION)
    first = worker.submit("slow", counting([], "slow"))
    first.cancel()
    again = worker.submit("slow", counting([], "slow"))  # before the worker saw the cancel
    opened.set()
    assert again.result(10) == "slow"
    with pytest.raises(CancelledError):
        first.result(10)


def test_one_owner_cannot_cancel_the_work_of_another(worker: Worker):
    log: list[str] = []
    opened = threading.Event()
    worker.submit("gate", gate(opened), urgency=Urgency.PREDICTION)
    mine = worker.submit("key", counting(log, "mine"), owner="me")
    yours = worker.submit("key", counting(log, "yours"), owner="you")
    mine.cancel()
    opened.set()
    assert yours.result(10) == "yours"


def test_a_refusal_reaches_the_caller_and_a_fault_becomes_a_sentence(
    worker: Worker, caplog: pytest.LogCaptureFixture
):
    def refuse() -> Steps[str]:
        yield 0.1
        raise SchemaError("refused")

    def break_down() -> Steps[str]:
        yield 0.1
        raise ZeroDivisionError(typed)

    typed = "Jane Doe, born 1950"
    with pytest.raises(SchemaError, match="refused"):
        worker.submit("a", refuse).result(10)
    with caplog.at_level(logging.ERROR):
        job = worker.submit("b", break_down)
        with pytest.raises(ZeroDivisionError):
            job.result(10)
    assert str(job.error) == "The work failed through a fault of the program; it was logged."
    assert "ZeroDivisionError" in caplog.text
    assert "Jane" not in caplog.text
    assert worker.submit("c", counting([], "c")).result(10) == "c"


def test_many_threads_get_their_own_results(worker: Worker):
    def ask(name: str) -> None:
        answers[name] = worker.submit(name, counting([], name, 5), owner=name).result(30)

    answers: dict[str, str] = {}
    threads = [threading.Thread(target=ask, args=(f"t{i}",)) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"t{i}": f"t{i}" for i in range(40)}


def test_nobody_waits_for_a_worker_that_was_closed():
    worker = Worker()
    begun, opened = threading.Event(), threading.Event()

    def steps() -> Steps[str]:
        begun.set()
        opened.wait(10)
        yield 0.5
        return "never"

    in_hand, queued = worker.submit("in hand", steps), worker.submit("queued", steps)
    assert begun.wait(10)
    threading.Timer(0.2, opened.set).start()
    worker.close()
    for job in (in_hand, queued):
        with pytest.raises(CancelledError):
            job.result(1)


def test_what_a_closed_worker_is_given_is_cancelled():
    worker = Worker()
    worker.close()
    job = worker.submit("late", lambda: iter(()))
    assert isinstance(job.error, CancelledError)
