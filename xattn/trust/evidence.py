"""How far the explanations of one prediction may be believed: one record for all that are shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from xattn.explain.attention_control import ShuffledAttention, shuffled_attention
from xattn.explain.base import Game, Steps
from xattn.records import Attribution
from xattn.trust.agreement import Agreement, agreement
from xattn.trust.anatomy import Anatomy, anatomy, segments
from xattn.trust.bank import Bank
from xattn.trust.verdict import Verdict, check

ATTENTION = "attention"
"""The explainer's key whose weights are shuffled as a control."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MapEvidence:
    """By explainer's key: whether a map tracks the model and where it lies; and all together."""

    case_digest: str
    target: str
    verdicts: dict[str, Verdict]
    places: dict[str, Anatomy]
    agreement: Agreement
    control: ShuffledAttention | None

    @property
    def plain(self) -> dict[str, object]:
        """Every number and sentence, ready for JSON."""
        return {
            "tracks_the_model": {key: _verdict(entry) for key, entry in self.verdicts.items()},
            "where": {key: entry.plain for key, entry in self.places.items()},
            "agreement": {**asdict(self.agreement), "sentence": self.agreement.sentence},
            "shuffled_attention": asdict(self.control) if self.control else None,
        }


def gather(game: Game, shown: Mapping[str, Attribution], bank: Bank | None) -> Steps[MapEvidence]:
    """The evidence of all maps that are shown of one prediction, judged together."""
    maps = {key: entry for key, entry in shown.items() if entry.maps}
    verdicts = yield from check(game, maps, bank)
    parts = segments(game.case.film, game.model.system.schema.name)
    return MapEvidence(
        case_digest=game.case.digest,
        target=game.target.name,
        verdicts=dict(zip(maps, verdicts, strict=True)),
        places={key: anatomy(entry, parts) for key, entry in maps.items()},
        agreement=agreement(maps, game.film.regions),
        control=shuffled_attention(game) if ATTENTION in maps else None,
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
