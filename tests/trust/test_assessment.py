"""An assessment is made of its parts, and says nothing where a checkpoint has nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.explain.base import Game, drain
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.trust import novelty, sureness
from xattn.trust.assessment import assess
from xattn.trust.gate import embed
from xattn.trust.grounds import Grounds, grounds
from xattn.trust.strata import STRATA


@pytest.fixture(scope="module")
def game() -> Game:
    model = tiny.breast_model()
    return Game(model, tiny.case(), model.target)


@pytest.fixture(scope="module")
def whole(game: Game) -> Grounds:
    """Grounds fitted on films of noise, to each of which the tiny case is new or not."""
    generator = np.random.default_rng(0)
    schema = game.schema
    values = np.tile(schema.encode(game.case.form).values, (40, 1))
    known = np.tile(schema.encode(game.case.form).known, (40, 1))
    films = generator.integers(0, 255, (40, 1, tiny.SIZE, tiny.SIZE)).astype(np.uint8)
    parts = [
        embed(game.model, torch.from_numpy(films[rows]), values=values[:20], known=known[:20])
        for rows in (slice(0, 20), slice(20, 40))
    ]
    said, labels = generator.normal(size=100), generator.random(100) < 0.5
    rows = tuple(
        sureness.fit_row(game.target, stratum, said, labels.astype(float)) for stratum in STRATA
    )
    table = sureness.SurenessTable(model_id=game.model.checkpoint.model_id, rows=rows)
    return replace(grounds(None, "breast"), reference=novelty.fit_reference(*parts), table=table)


def test_a_checkpoint_without_grounds_says_nothing_of_range_and_novelty(game):
    found = drain(assess(game, Grounds()))
    assert (found.gate, found.novelty, found.sureness, found.missing) == (None,) * 4
    assert found.fragility is not None
    assert found.fragility.value == game.value


def test_the_whole_assessment_of_a_film_that_is_no_phantom(game, whole):
    found = drain(assess(game, whole))
    assert found.gate is not None
    assert {"novelty of the film", "polarity"} <= {entry.check for entry in found.gate.findings}
    assert found.sureness is not None
    # The model was trained on phantoms and the film's maker is not ours: no number may be shown.
    assert not found.sureness.is_valid
    assert found.sureness.answers is None
    assert any("phantoms" in reason for reason in found.sureness.reasons)
    assert found.missing is not None
    assert found.missing.value == game.value
    assert (found.case_digest, found.target) == (game.case.digest, "malignant")


def test_the_files_carry_what_was_acknowledged(game, whole):
    found = drain(assess(game, whole))
    assert found.plain["acknowledged"] == []
    seen = replace(found, gate=found.gate.acknowledge("polarity", "content"))
    assert seen.plain["acknowledged"] == ["content", "polarity"]
    assert drain(assess(game, Grounds())).plain["acknowledged"] == []


def test_films_are_compared_with_those_of_a_list_if_there_is_one(game, whole):
    alone = drain(assess(game, whole)).gate["duplicate"]
    assert not alone.is_checked
    listed = drain(assess(game, whole, earlier={game.case.film.radiograph.pixel_sha256}))
    assert listed.gate["duplicate"].level == "warn"


def test_an_engine_compares_with_the_films_that_it_is_given(game):
    engine = Engine(game.model, Worker())
    known = frozenset({game.case.film.radiograph.pixel_sha256})
    alone, listed = (
        engine.start_assessment(game.case, earlier=earlier).result().gate["duplicate"]
        for earlier in (None, known)
    )
    engine.worker.close()
    assert (alone.is_checked, listed.level) == (False, "warn")


def test_a_contrast_of_findings_has_no_range(game, whole):
    contrast = replace(game.target, minus=0)
    assert drain(assess(Game(game.model, game.case, contrast), whole)).sureness is None


def test_an_engine_believes_what_the_parts_say(game):
    engine = Engine(game.model, Worker())
    explanation = engine.explain(game.case, ("shapley", "gradcam", "attention"))
    belief = engine.believe(explanation)
    assert belief.assessment is not None
    assert belief.evidence is not None
    assert set(belief.evidence.verdicts) == {"gradcam"}
    assert set(belief.evidence.places) == {"gradcam"}
    assert belief.evidence.attention is not None
    assert belief.evidence.attention.shuffled.value == game.value
    # Without maps of other cases no map can be said to track the model.
    assert "yes" not in {entry.answer for entry in belief.evidence.verdicts.values()}
    engine.worker.close()
