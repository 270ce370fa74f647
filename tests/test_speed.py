"""The speed benchmark runs on every system: both sides, and the edits of the form."""

import pytest

from benchmarks.libraries import Counts, composition
from benchmarks.speed import EDITED, edits
from benchmarks.speed_cases import shipped_case, subject
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS

FEW = Counts(lime=8, steps=1, form=64, joint=128, curves=1)
"""Just enough for each library to answer."""


@pytest.fixture(scope="module", params=SYSTEMS)
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(subject(request.param, preset="compact", device="cpu"), Worker())


def test_edits_are_complete_forms_none_twice(engine: Engine) -> None:
    case = shipped_case(engine)
    for entries in EDITED[engine.model.system.name].values():
        forms = [edited.form for edited in edits(engine, case, entries)]
        assert len(set(forms)) == len(forms) > 10
        name = next(iter(entries))
        assert len({engine.schema.plain(form)[name] for form in forms}) > 1
        assert all(form.known == forms[0].known for form in forms)


def test_the_libraries_explain_every_system(engine: Engine) -> None:
    composition(engine.model, shipped_case(engine), FEW)
    assert all(p.grad is None and not p.requires_grad for p in engine.model.module.parameters())
    assert not any(part._forward_hooks for part in engine.model.module.modules())
