"""A library in its own thread: answered batch by batch, watched, cancelled, and gone afterwards."""

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests import tiny
from xattn.errors import CancelledError
from xattn.explain.base import Explainer, Game, drain
from xattn.explain.libraries.lime import LibraryLime
from xattn.explain.libraries.outside import Questions, outside
from xattn.explain.libraries.shap import ShapForm
from xattn.explain.predict import predict
from xattn.runtime.worker import Urgency, Worker

PATIENCE_SECONDS = 60.0
OUTSIDE: dict[str, Explainer] = {"lime": LibraryLime(samples=64), "shap": ShapForm()}
each = pytest.mark.parametrize("explainer", OUTSIDE.values(), ids=OUTSIDE.keys())


def libraries_running() -> int:
    return sum(thread.name == "xattn-library" for thread in threading.enumerate())


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    assert libraries_running() == 0
    yield
    wait_until(lambda: libraries_running() == 0)


@pytest.fixture
def game() -> Game:
    model = tiny.breast_model()
    return Game(model, tiny.case(), model.target)


def asks(*numbers: float) -> Callable[[Questions[float, float]], list[float]]:
    return lambda asked: [asked(number) for number in numbers]


def test_every_batch_is_answered_in_the_thread_of_the_steps() -> None:
    answering = set()

    def square(number: float) -> float:
        answering.add(threading.current_thread())
        return number**2

    shares = []

    def watched() -> Iterator[float]:
        steps = outside(asks(1, 2, 3), square, batches=3)
        while True:
            try:
                shares.append(next(steps))
            except StopIteration as end:
                return end.value
            yield shares[-1]

    assert drain(watched()) == [1, 4, 9]
    assert sorted(set(shares) - {0.0}) == [1 / 3, 2 / 3, 1.0]
    assert answering == {threading.current_thread()}


def test_a_step_does_not_wait_for_a_library_that_thinks() -> None:
    thought = threading.Event()
    steps = outside(lambda _: thought.wait(PATIENCE_SECONDS), float, batches=1)
    began = time.monotonic()
    assert [next(steps) for _ in range(3)] == [0.0, 0.0, 0.0]
    # three looks of 5 ms; far below what the library would take, even on a busy machine
    assert time.monotonic() - began < PATIENCE_SECONDS / 4
    thought.set()
    assert drain(steps) is True


def test_what_the_library_raises_is_raised_by_the_steps() -> None:
    def fails(_: Questions[float, float]) -> float:
        raise ZeroDivisionError("in the library")

    with pytest.raises(ZeroDivisionError, match="in the library"):
        drain(outside(fails, float, batches=1))


def test_a_model_that_fails_ends_the_library_too() -> None:
    ended: list[BaseException] = []

    def library(asked: Questions[float, float]) -> float:
        try:
            return asked(1.0)
        except BaseException as fault:
            ended.append(fault)
            raise

    def fails(_: float) -> float:
        raise ZeroDivisionError("in the model")

    with pytest.raises(ZeroDivisionError, match="in the model"):
        drain(outside(library, fails, batches=1))
    wait_until(lambda: libraries_running() == 0)
    assert [type(fault) for fault in ended] == [CancelledError]


def test_a_library_that_asks_after_the_end_is_ended() -> None:
    questions: Questions[float, float] = Questions()
    questions.close()
    with pytest.raises(CancelledError):
        questions(1.0)


@each
def test_steps_that_are_closed_half_way_leave_no_thread(explainer: Explainer, game: Game) -> None:
    steps = explainer.run(game)
    while next(steps) == 0.0:  # until one batch was answered
        pass
    assert libraries_running() == 1
    steps.close()
    wait_until(lambda: libraries_running() == 0)


@each
def test_the_worker_gives_the_direct_call_and_predictions_go_in_between(
    explainer: Explainer, game: Game
) -> None:
    """The prediction is asked for when the explanation has begun, and is there before it ends."""
    worker = Worker()
    direct = explainer(game.model, game.case, game.target)
    has_begun, may_go_on = threading.Event(), threading.Event()

    def watched() -> Iterator[float]:
        steps = explainer.run(game)
        share = next(steps)
        has_begun.set()
        may_go_on.wait(PATIENCE_SECONDS)
        yield share
        result = yield from steps
        order.append("explanation")
        return result

    def quick() -> Iterator[float]:
        result = yield from predict(game)
        order.append("prediction")
        return result

    order: list[str] = []
    slow = worker.submit("slow", watched)
    has_begun.wait(PATIENCE_SECONDS)
    prediction = worker.submit("quick", quick, urgency=Urgency.PREDICTION)
    may_go_on.set()
    assert prediction.result(PATIENCE_SECONDS).value == game.value
    through_worker = slow.result(PATIENCE_SECONDS)
    worker.close()
    assert order == ["prediction", "explanation"]
    assert through_worker.players == direct.players
    assert through_worker.gap == direct.gap
    for one, other in zip(through_worker.maps, direct.maps, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_cancelled_in_the_worker_half_way_the_thread_is_gone(game: Game) -> None:
    worker = Worker()
    job = worker.submit("lime", lambda: LibraryLime(samples=3200).run(game))
    wait_until(lambda: job.progress > 0)
    assert libraries_running() == 1
    job.cancel()
    with pytest.raises(CancelledError):
        job.result(PATIENCE_SECONDS)
    wait_until(lambda: libraries_running() == 0)
    worker.close()
