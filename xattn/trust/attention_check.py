"""What is known of attention maps: do they follow how each entry changes what is read?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import fmean

import numpy as np

from xattn.explain.attention_control import (
    FieldAgreement,
    ShuffledAttention,
    attention_against_interaction,
    shuffled_attention,
)
from xattn.explain.base import Game, Steps
from xattn.explain.crossattention import NOT_IMPORTANCE
from xattn.explain.interactions import FieldRegionInteraction
from xattn.models.attention import IMAGE_TO_CLINICAL
from xattn.records import Attribution
from xattn.trust.agreement import per_pixel, region_means

ATTENTION, INTERACTIONS = "attention", "interactions"
"""Keys of the explainers that are compared."""
MASKS = 256
"""Masked films of the pool from which interactions are solved where they are not shown."""
NO_INTERACTIONS = (
    "there are no interactions to compare it with: no entry is known, or too few films are masked"
)


@dataclass(frozen=True, slots=True)
class AttentionCheck:
    """Both controls of the attention maps: by field against interactions, and all weights shuffled.

    `fields` are pairs of a field's label and its agreement; none, and a `reason`, where there was
    nothing to compare with.
    """

    shuffled: ShuffledAttention
    fields: tuple[tuple[str, FieldAgreement], ...] = ()
    reason: str = ""

    @property
    def mean(self) -> float | None:
        """The mean rank correlation over the fields."""
        known = [found.correlation for _, found in self.fields if found.correlation is not None]
        return fmean(known) if known else None

    @property
    def chance(self) -> float | None:
        """What shuffled regions reach, the mean over the fields of their 95th percentiles."""
        known = [found.shuffled for _, found in self.fields if found.shuffled is not None]
        return fmean(known) if known else None

    @property
    def short(self) -> str:
        """The summary in a few words, for a strip."""
        if self.mean is None or self.chance is None:
            return "not compared with interactions"
        return f"rank correlation with interactions {_said(self.mean)}, chance {_said(self.chance)}"

    @property
    def summary(self) -> str:
        """One line: the mean correlation beside what chance reaches."""
        if self.mean is None or self.chance is None:
            return f"Not compared with interactions: {self.reason or 'a side is even'}."
        return (
            f"Rank correlation with how an entry changes the reading: {_said(self.mean)} on "
            f"average over {len(self.fields)} entries; shuffled regions reach {_said(self.chance)}."
        )

    @property
    def sentence(self) -> str:
        """Everything in words: each field, the shuffled weights, and what weights are not."""
        each = "; ".join(
            f"{label} {'even' if found.correlation is None else _said(found.correlation)}"
            for label, found in self.fields
        )
        by_field = f" By entry: {each}." if each else ""
        return f"{self.summary}{by_field} {self.shuffled.sentence} {NOT_IMPORTANCE}"

    @property
    def plain(self) -> dict[str, object]:
        """Every number and the sentence, ready for JSON."""
        return {
            "fields": [asdict(found) for _, found in self.fields],
            "mean": self.mean,
            "shuffled": asdict(self.shuffled),
            "sentence": self.sentence,
        }


def check_attention(game: Game, shown: Mapping[str, Attribution]) -> Steps[AttentionCheck | None]:
    """The controls of the attention among what is shown; None where none is shown.

    Interactions are those shown, else they are solved from masked films that are there already: no
    encoder pass is spent on them.
    """
    if ATTENTION not in shown:
        return None
    shuffled = shuffled_attention(game)
    yield 0.5
    found = shown.get(INTERACTIONS) or (yield from _interactions(game))
    if found is None:
        return AttentionCheck(shuffled, reason=NO_INTERACTIONS)
    rows = attention_against_interaction(
        _by_region(shown[ATTENTION], game, prefix=f"{IMAGE_TO_CLINICAL}/"),
        _by_region(found, game, prefix=""),
    )
    return AttentionCheck(shuffled, tuple((game.schema[row.field].label, row) for row in rows))


def _interactions(game: Game) -> Steps[Attribution | None]:
    if not game.fields or game.film.pooled < MASKS:
        return None
    return (yield from FieldRegionInteraction(precision=0.0, most=MASKS).run(game))


def _by_region(attribution: Attribution, game: Game, *, prefix: str) -> dict[str, np.ndarray]:
    """The map of each known field as means (R,) over the regions of what it holds per pixel."""
    labels = game.film.regions
    places = {entry.name: place for place, entry in enumerate(attribution.maps)}
    return {
        field: region_means(per_pixel(attribution, places[prefix + field], len(labels)), labels)
        for field in game.fields
        if prefix + field in places
    }


def _said(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")  # no minus before zero
