"""How far one prediction may be believed: the gate, its range, what is missing, what is fragile."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

import numpy as np

from xattn.explain.base import Game, Steps
from xattn.models.support import applicability
from xattn.trust.expectations import EXPECTATIONS
from xattn.trust.finding import Gate
from xattn.trust.gate import case_novelty, check_case
from xattn.trust.grounds import Grounds
from xattn.trust.missing import MissingRange, ReferenceForms, missing_range
from xattn.trust.novelty import Novelty
from xattn.trust.plausible import PLAUSIBLE
from xattn.trust.sureness import Sureness, how_sure
from xattn.trust.validity import is_phantom, why_not_valid
from xattn.trust.whatif import Fragility, fragility


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Assessment:
    """What is known beside a prediction; None for what a checkpoint came without.

    `unlike` are sentences on entries that the training data do not hold.
    """

    case_digest: str
    target: str
    gate: Gate | None
    novelty: Novelty | None
    sureness: Sureness | None
    missing: MissingRange | None
    fragility: Fragility | None
    unlike: tuple[str, ...]

    @property
    def plain(self) -> dict[str, object]:
        """Every number and sentence, ready for JSON."""
        parts = {"sureness": self.sureness, "missing": self.missing, "fragility": self.fragility}
        return {
            "gate": [asdict(finding) for finding in self.gate.findings] if self.gate else None,
            "acknowledged": sorted(self.gate.acknowledged) if self.gate else [],
            "novelty": asdict(self.novelty) if self.novelty else None,
            **{name: part.plain if part else None for name, part in parts.items()},
            "unlike": list(self.unlike),
        }


def bare_assessment(case_digest: str, target: str) -> Assessment:
    """The assessment of which nothing could be made."""
    return Assessment(
        case_digest=case_digest,
        target=target,
        gate=None,
        novelty=None,
        sureness=None,
        missing=None,
        fragility=None,
        unlike=(),
    )


def assess(
    game: Game, grounds: Grounds, *, earlier: Collection[str] | None = None
) -> Steps[Assessment]:
    """The gate first, then what needs the prediction: fusion passes alone.

    `earlier` are the canonical pixel hashes of the other films of a list, None without a list.
    """
    model, case, schema = game.model, game.case, game.schema
    found = case_novelty(model, case, grounds.reference) if grounds.reference else None
    gate = None
    if case.system in EXPECTATIONS and grounds.classifier:
        gate = check_case(case, grounds.classifier, found=found, earlier=earlier)
    yield 0.3
    missing = None
    if grounds.reference:
        missing = yield from missing_range(game, _forms(grounds, schema.sizes))
    fragile = (yield from fragility(game)) if schema.name in PLAUSIBLE else None
    return Assessment(
        case_digest=case.digest,
        target=game.target.name,
        gate=gate,
        novelty=found,
        sureness=_sureness(game, grounds, gate, found),
        missing=missing,
        fragility=fragile,
        unlike=applicability(model.checkpoint.description, schema, case.form),
    )


def _sureness(
    game: Game, grounds: Grounds, gate: Gate | None, found: Novelty | None
) -> Sureness | None:
    if not grounds.table or game.target.minus is not None:
        return None
    warnings = [
        finding.reason
        for finding in (gate.findings if gate else ())
        if finding.level != "pass" and not finding.check.startswith("novelty")
    ]
    reasons = why_not_valid(
        warnings=warnings,
        novelty=found.named if found else (),
        is_phantom_trained=game.model.checkpoint.description.is_phantom_trained,
        is_phantom_film=is_phantom(game.case.film.radiograph),
    )
    return how_sure(grounds.table, game.target, game.value, form=game.case.form, reasons=reasons)


def _forms(grounds: Grounds, sizes: tuple[int, ...]) -> ReferenceForms:
    """The forms of the reference; a field is stated where its first slot is."""
    assert grounds.reference is not None
    firsts = np.cumsum((0, *sizes[:-1]))
    reference = grounds.reference
    return ReferenceForms(reference.form_values, reference.form_stated[:, firsts])
