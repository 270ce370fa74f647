"""What the adapters promise beside our own explainers: repeatable, and no trace on the model."""

import numpy as np
import pytest

from tests import tiny
from xattn.explain.base import Explainer, Game
from xattn.explain.libraries.captum import CaptumIntegratedGradients, CaptumOcclusion
from xattn.explain.libraries.gradcam import HiResCAM, LibraryCAM
from xattn.explain.libraries.lime import LibraryLime
from xattn.explain.libraries.shap import ShapForm
from xattn.records import Attribution, Case
from xattn.systems import LoadedModel

QUICK: dict[str, Explainer] = {
    "cam": LibraryCAM(),
    "hirescam": HiResCAM(),
    "captum integrated": CaptumIntegratedGradients(points=16),
    "captum occlusion": CaptumOcclusion(),
    "shap": ShapForm(),
    "lime": LibraryLime(samples=64),
}
each = pytest.mark.parametrize("explainer", QUICK.values(), ids=QUICK.keys())


def numbers(attribution: Attribution) -> list[bytes]:
    maps = [entry.values.tobytes() for entry in attribution.maps]
    return [*maps, repr((attribution.players, attribution.gap, attribution.figures)).encode()]


@each
def test_equal_numbers_each_time_and_no_trace_on_the_model(
    explainer: Explainer, tiny_model: LoadedModel, tiny_case: Case
) -> None:
    before = tiny.fingerprint(tiny_model.module)
    first, again = (explainer(tiny_model, tiny_case, tiny_model.target) for _ in range(2))
    assert numbers(first) == numbers(again)
    assert tiny.fingerprint(tiny_model.module) == before
    assert before.hooks == 0


@each
@pytest.mark.parametrize("calls", [0, 1, 2])
def test_no_trace_on_a_model_that_fails_half_way(
    explainer: Explainer, calls: int, tiny_case: Case
) -> None:
    module = tiny.FailingModel(tiny.breast_module().config)
    module.calls_left = calls
    model = tiny.loaded(module)
    before = tiny.fingerprint(module)
    steps = explainer.run(Game(model, tiny_case, model.target))
    try:
        list(steps)
    except RuntimeError as error:
        assert str(error) == "the encoder fails, as the test wants"  # noqa: PT017  # or it ends
    else:
        assert calls > 0
    assert tiny.fingerprint(module) == before


@each
def test_the_record_says_what_it_is(
    explainer: Explainer, tiny_model: LoadedModel, tiny_case: Case
) -> None:
    steps = explainer.run(Game(tiny_model, tiny_case, tiny_model.target))
    shares = []
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as end:
            attribution = end.value
            break
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert attribution.kind == explainer.kind
    assert attribution.target == tiny_model.target
    assert attribution.placement == tiny_case.film.placement
    assert attribution.provenance.settings == explainer.settings
    assert attribution.provenance.case_digest == tiny_case.digest
    assert attribution.passes > 0
    assert {entry.values.dtype for entry in attribution.maps} <= {np.dtype(np.float32)}
    if explainer.kind == "contribution":
        assert (attribution.unit, attribution.gap is not None) == ("log-odds", True)


@each
def test_an_explainer_is_its_own_key(explainer: Explainer) -> None:
    same = type(explainer)(**{name: getattr(explainer, name) for name, _ in explainer.settings})
    assert (same, hash(same)) == (explainer, hash(explainer))
