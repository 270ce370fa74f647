"""One contract for every explainer: shape, finite, repeatable, and a model left as it was."""

import threading
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from tests import tiny
from xattn.errors import ExplainError, XattnError
from xattn.explain import DEFAULT_METHODS, EXPLAINERS
from xattn.explain.base import Explainer
from xattn.explain.mxa import has_gates
from xattn.records import Attribution, Case
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS, LoadedModel


def cheap(key: str) -> Explainer:
    """The row's explainer; one whose pool grows by need stops at its first batches."""
    explainer = EXPLAINERS[key]
    has_limit = "most" in {field.name for field in fields(explainer)}
    return replace(explainer, most=32) if has_limit else explainer


def numbers(attribution: Attribution) -> list[np.ndarray]:
    return [entry.values for entry in attribution.maps] + [
        np.array([number for _, number in attribution.players])
    ]


def same(a: Attribution, b: Attribution) -> bool:
    pairs = zip(numbers(a), numbers(b), strict=True)
    return all(x.tobytes() == y.tobytes() for x, y in pairs) and a.provenance == b.provenance


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("key", EXPLAINERS)
def test_an_explainer_keeps_the_contract(key: str, system: str):
    model, case = tiny.model_of(system), tiny.case_of(system)
    target = model.targets[-1]
    explainer = cheap(key)
    before = tiny.fingerprint(model.module)
    if key == "mxa" and not has_gates(model):
        with pytest.raises(ExplainError):
            explainer(model, case, target)
        return
    first = explainer(model, case, target)
    assert same(first, explainer(model, case, target))
    assert tiny.fingerprint(model.module) == before
    assert first.target == target
    assert hash(explainer) == hash(type(explainer)(**dict(explainer.__dict__)))
    assert first.kind == explainer.kind
    assert bool(first.unit) == (first.kind != "relative")
    assert first.maps or first.players
    assert all(np.isfinite(values).all() for values in numbers(first))
    size = model.module.config.size
    assert all(entry.values.shape in {(size, size), (3, 3)} for entry in first.maps)
    if first.kind == "contribution":
        assert first.gap is not None


@pytest.mark.parametrize("key", EXPLAINERS)
@pytest.mark.parametrize("calls", [0, 1])
def test_a_failing_model_is_left_clean(key: str, calls: int, tiny_case: Case):
    module = tiny.FailingModel(tiny.breast_module().config)
    model = tiny.loaded(module)
    module.calls_left = calls
    before = tiny.fingerprint(module)
    explainer = cheap(key)
    try:
        explainer(model, tiny_case, model.target)
    except ExplainError:
        assert key == "mxa"  # this model has no gate
    except RuntimeError as fault:
        assert "as the test wants" in str(fault)  # noqa: PT017  # some need fewer calls than others
    assert tiny.fingerprint(module) == before


def cases(count: int) -> list[Case]:
    forms = [
        {"lesion_type": "mass", "density": 1 + i % 4, "mass_shape": shape}
        for i in range(count)
        for shape in ("OVAL", "ROUND")
    ]
    return [tiny.case(form) for form in forms[:count]]


def in_threads(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_eight_threads_with_fifty_cases_each_get_what_one_thread_gets():
    model = tiny.breast_model()
    some = cases(8)
    methods = DEFAULT_METHODS[:3]  # the two with hundreds of passes are covered by the test below
    alone = Engine(model, Worker())
    expected = {
        (case.digest, method): alone.start_explanation(case, method).result()
        for case in some
        for method in methods
    }
    shared = Engine(model, Worker())
    wrong: list[str] = []

    def work(thread: int) -> None:
        for number in range(50):
            case = some[(thread + number) % len(some)]
            method = methods[number % len(methods)]
            found = shared.start_explanation(case, method, owner=str(thread)).result()
            if not same(found, expected[case.digest, method]):
                wrong.append(f"{thread}/{number}/{method}")

    before = tiny.fingerprint(model.module)
    in_threads(work, 8)
    assert wrong == []
    assert tiny.fingerprint(model.module) == before


def test_methods_that_batch_do_not_mix_cases():
    model = tiny.breast_model()
    some = cases(4)
    expected = [Engine(model, Worker()).explain(case, ("lime", "integrated")) for case in some]
    shared = Engine(model, Worker())
    found: dict[int, bool] = {}

    def work(thread: int) -> None:
        explanation = shared.explain(some[thread], ("lime", "integrated"))
        found[thread] = all(
            same(explanation[m], expected[thread][m]) for m in ("lime", "integrated")
        )

    in_threads(work, len(some))
    assert found == dict.fromkeys(range(4), True)


def test_an_unknown_method_is_refused_by_name(tiny_model: LoadedModel, tiny_case: Case):
    with pytest.raises(XattnError, match="The method must be one of shapley, gradcam"):
        Engine(tiny_model, Worker()).start_explanation(tiny_case, "deeplift")
