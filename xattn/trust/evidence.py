"""How far the explanations of one prediction may be believed: one record for all that are shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from xattn.explain import EXPLAINERS
from xattn.explain.base import Game, Steps, scaled
from xattn.records import Attribution
from xattn.trust.agreement import Agreement, agreement
from xattn.trust.anatomy import Anatomy, anatomy, segments
from xattn.trust.attention_check import ATTENTION, INTERACTIONS, AttentionCheck, check_attention
from xattn.trust.dependence import marked
from xattn.trust.grounds import Grounds
from xattn.trust.stability import Stability, find_stability
from xattn.trust.verdict import Verdict, check

UNJUDGED = frozenset(key for key, explainer in EXPLAINERS.items() if explainer.is_by_field)
"""Methods that give one map per field: none of them is the map of the value that a test could ask
whether it tracks."""
ASKED_FOR = frozenset({ATTENTION, INTERACTIONS})
"""Of these the two that are compared with one another."""
JUDGED, STEADY = 0.6, 0.9
"""Shares of the work that are done once the verdicts are there, and the stability."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MapEvidence:
    """By explainer's key: whether a map tracks the model, where it lies, whether it is stable.

    And all together: whether the methods agree, and the controls of the attention.
    """

    case_digest: str
    target: str
    verdicts: dict[str, Verdict]
    places: dict[str, Anatomy]
    agreement: Agreement
    stability: dict[str, Stability] = field(default_factory=dict)
    attention: AttentionCheck | None = None

    @property
    def plain(self) -> dict[str, object]:
        """Every number and sentence, ready for JSON."""
        return {
            "tracks_the_model": {key: _verdict(entry) for key, entry in self.verdicts.items()},
            "where": {key: entry.plain for key, entry in self.places.items()},
            "stability": {key: entry.plain for key, entry in self.stability.items()},
            "agreement": {**asdict(self.agreement), "sentence": self.agreement.sentence},
            "attention": self.attention.plain if self.attention else None,
        }


def gather(game: Game, shown: Mapping[str, Attribution], grounds: Grounds) -> Steps[MapEvidence]:
    """The evidence of all maps that are shown of one prediction, judged together.

    Maps by field, and those of another target, are left out: they are not checked.
    """
    maps = {
        key: entry
        for key, entry in shown.items()
        if entry.maps and entry.target == game.target and key not in UNJUDGED
    }
    verdicts: tuple[Verdict, ...] = ()
    if maps:
        verdicts = yield from scaled(check(game, maps, grounds.bank), 0, JUDGED)
    steady = {}
    for number, (key, entry) in enumerate(maps.items()):
        if key in EXPLAINERS:
            ends = (JUDGED + (STEADY - JUDGED) * (number + n) / len(maps) for n in (0, 1))
            steady[key] = yield from scaled(find_stability(game, EXPLAINERS[key], entry), *ends)
    attention = yield from scaled(check_attention(game, shown), STEADY, 1)
    parts = segments(game.case.film, game.model.system.schema.name)
    return MapEvidence(
        case_digest=game.case.digest,
        target=game.target.name,
        verdicts=marked(dict(zip(maps, verdicts, strict=True)), grounds.dependence),
        places={key: anatomy(entry, parts) for key, entry in maps.items()},
        agreement=agreement(maps, game.film.regions),
        stability=steady,
        attention=attention,
    )


def _verdict(entry: Verdict) -> dict[str, object]:
    drawn = entry.curves
    return {
        "answer": entry.answer,
        "sentence": entry.sentence,
        "agreement": entry.evidence.agreement,
        "p": dict(entry.evidence.p_values),
        "p_holm": entry.p_holm,
        "fidelity_correlation": entry.evidence.fidelity,
        "infidelity": entry.evidence.infidelity,
        "deletion_area": drawn.deletion.area if drawn else None,
        "insertion_area": drawn.insertion.area if drawn else None,
    }
