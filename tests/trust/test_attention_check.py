"""The controls of attention: against interactions by hand, its sentences, and what it may cost."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from xattn.explain.attention_control import FieldAgreement, ShuffledAttention
from xattn.explain.base import Game, drain
from xattn.explain.crossattention import NOT_IMPORTANCE, CrossAttention
from xattn.explain.interactions import FieldRegionInteraction
from xattn.explain.regions import paint
from xattn.models.attention import IMAGE_TO_CLINICAL
from xattn.models.tokens import ImageTokens
from xattn.records import Attribution, Map
from xattn.trust.attention_check import MASKS, NO_INTERACTIONS, AttentionCheck, check_attention

SHUFFLED = ShuffledAttention(value=1.0, unit="log-odds", moved=(0.25, 0.5), scale=2.0)


@pytest.fixture
def game() -> Game:
    model = tiny.breast_model()
    return tiny.with_cells(Game(model, tiny.case(), model.target), 3)


@pytest.fixture
def shown(game: Game) -> dict[str, Attribution]:
    return {"attention": drain(CrossAttention().run(game))}


def row(field: str, correlation: float | None, shuffled: float | None = 0.25) -> FieldAgreement:
    return FieldAgreement(field, correlation, None, shuffled)


def test_each_field_in_words_and_their_mean_beside_chance() -> None:
    found = AttentionCheck(SHUFFLED, (("Age", row("age", 0.5)), ("Sex", row("sex", -0.25, 0.75))))
    assert (found.mean, found.chance) == (0.125, 0.5)
    assert found.summary == (
        "Rank correlation with how an entry changes the reading: 0.12 on average over 2 entries; "
        "shuffled regions reach 0.50."
    )
    assert found.sentence == (
        f"{found.summary} By entry: Age 0.50; Sex −0.25. {SHUFFLED.sentence} {NOT_IMPORTANCE}"
    )
    assert found.short == "rank correlation with interactions 0.12, chance 0.50"
    assert found.plain["mean"] == 0.125
    assert found.plain["fields"][1]["correlation"] == -0.25


def test_what_is_even_is_left_out_of_the_mean() -> None:
    found = AttentionCheck(SHUFFLED, (("Age", row("age", 0.5)), ("Sex", row("sex", None, None))))
    assert (found.mean, found.chance) == (0.5, 0.25)
    assert "Sex even" in found.sentence
    near = AttentionCheck(SHUFFLED, (("Age", row("age", -0.001)),))
    assert near.short.startswith("rank correlation with interactions 0.00, ")
    bare = AttentionCheck(SHUFFLED, (("Sex", row("sex", None, None)),))
    assert bare.summary == "Not compared with interactions: a side is even."


def test_without_attention_there_is_nothing_to_check(game: Game) -> None:
    assert drain(check_attention(game, {})) is None


def test_without_masked_films_nothing_is_encoded_and_that_is_said(
    game: Game, shown: dict[str, Attribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> ImageTokens:
        raise AssertionError("a film was encoded")

    monkeypatch.setattr("xattn.explain.film.encode", refuse)
    found = drain(check_attention(game, shown))
    assert found is not None
    assert (found.fields, found.reason) == ((), NO_INTERACTIONS)
    assert found.shuffled.value == game.value


def test_attention_that_is_the_interaction_correlates_by_one(
    game: Game, shown: dict[str, Attribution]
) -> None:
    """Three fields with maps of our own: the same, its reverse, and one that is even."""
    regions = game.film.regions
    sizes = np.arange(1.0, 10.0)
    looks = dict(zip(game.fields, (sizes, sizes[::-1], np.ones(9)), strict=True))
    maps = tuple(
        Map(f"{IMAGE_TO_CLINICAL}/{name}", paint(values, regions)) for name, values in looks.items()
    )
    # an interaction counts by its size
    interactions = tuple(Map(name, paint(-sizes, regions)) for name in game.fields)
    given = {
        "attention": replace(shown["attention"], maps=maps),
        "interactions": replace(shown["attention"], maps=interactions, regions=regions),
    }
    found = drain(check_attention(game, given))
    assert found is not None
    assert [label for label, _ in found.fields] == [game.schema[name].label for name in game.fields]
    values = [entry.correlation for _, entry in found.fields]
    assert values[:2] == pytest.approx([1.0, -1.0], abs=1e-12)
    assert values[2] is None


def test_the_pool_that_is_there_gives_the_interactions(
    game: Game, shown: dict[str, Attribution]
) -> None:
    list(game.film.grow(MASKS))
    found = drain(check_attention(game, shown))
    solved = drain(FieldRegionInteraction(precision=0.0, most=MASKS).run(game))
    assert found == drain(check_attention(game, {**shown, "interactions": solved}))
    assert found is not None
    assert len(found.fields) == len(game.fields)
