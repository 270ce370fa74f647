"""Does a map track the model? One test, declared beforehand, at the granularity of regions.

A map's agreement with the effects of the regions (`statistic`) is compared with that of maps that
know nothing of this reading: the same method's maps of other cases, smooth maps in the body, and
silhouettes of it. For each null p = (1 + b) / (1 + n), b of its n maps agreeing no less; a map's p
is the largest of the three, since it must beat them all, and Holm's step-down adjusts it for the
maps and findings shown together.

    yes          adjusted p ≤ ALPHA, all three nulls run
    unclear      p ≤ DOUBT, but not yes: some null is beaten too seldom, or other cases' maps are
                 not there to be beaten (no bank for this model, method, settings and finding)
    not shown    p > DOUBT: chance, or a map of another case, does as well
    not checked  the method gives no map, an even one, or the value does not react to the film
    unfit        the method's maps survive random weights (`dependence`), whatever this test says

Other cases' maps are compared in what is not common to all of them: their mean is held fixed, or
the average map of a method, which knows nothing of the case, would beat each of them. A
silhouette counts by its agreement in either direction, since nobody said which way it points.
With the fewest maps allowed in a bank, 199, a yes is within reach of up to ten maps together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xattn.explain.base import Game, Steps, scaled
from xattn.records import Attribution
from xattn.trust.agreement import on_square
from xattn.trust.bank import Bank, shown
from xattn.trust.curves import Curves, curves
from xattn.trust.fidelity import fidelity_correlation, infidelity
from xattn.trust.judging import JudgedFilm, judge_film
from xattn.trust.nulls import coarse, smooth_maps
from xattn.trust.statistic import Judge

Answer = Literal["yes", "unclear", "not shown", "not checked", "unfit"]

ALPHA = 0.05
DOUBT = 0.20
JUDGING = 0.6
"""Share of the work that is done once the judged film is there."""
STREAM = 0x6E756C6C
OTHER_CASES, SMOOTH, SILHOUETTES = "other cases", "smooth maps", "silhouettes"
NULLS = (OTHER_CASES, SMOOTH, SILHOUETTES)

LIMIT = "this says nothing about whether the model is right."
SENTENCES = {
    "yes": "This map tracks the model: covering what it marks changes the value as it says, more "
    "than for maps of other cases, smooth maps or the body's outline; ",
    "unclear": "Whether this map tracks the model is unclear: {reason}; ",
    "not shown": "It was not shown that this map tracks the model: {reason}; ",
    "not checked": "Not checked whether this map tracks the model: {reason}; ",
}
AS_GOOD = {
    OTHER_CASES: "maps of other cases",
    SMOOTH: "smooth maps of the same kind",
    SILHOUETTES: "outlines of the body",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the test found of one map: `agreement` −1 to 1, p by null, and why it was not run.

    `fidelity` and `infidelity` are those of `trust.fidelity`.
    """

    method: str
    agreement: float = 0.0
    p_values: tuple[tuple[str, float], ...] = ()
    fidelity: float | None = None
    infidelity: float | None = None
    reason: str = ""

    @property
    def p(self) -> float:
        """The largest p of the nulls that were run."""
        return max(value for _, value in self.p_values)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Verdict:
    """The answer for one map, with what it rests on; `p_holm` and `curves` if they were made."""

    method: str
    answer: Answer
    sentence: str
    evidence: Evidence
    p_holm: float | None = None
    curves: Curves | None = None


def check(
    game: Game, maps: Mapping[str, Attribution], bank: Bank | None, *, seed: int = 0
) -> Steps[tuple[Verdict, ...]]:
    """Verdicts with curves on all maps of one game: one judged film, then 18 passes a map."""
    judged = yield from scaled(judge_film(game, seed=seed), 0, JUDGING)
    drawn = {}
    for number, (name, attribution) in enumerate(maps.items()):
        vector = region_vector(attribution, judged.labels)
        share = (1 - JUDGING) / len(maps)
        if vector is not None:
            made = scaled(
                curves(game, judged, vector, attribution.kind),
                JUDGING + number * share,
                JUDGING + (number + 1) * share,
            )
            drawn[name] = yield from made
    return decide(weigh_all(judged, maps, bank, seed=seed), drawn)


def verdicts(
    judged: JudgedFilm, maps: Mapping[str, Attribution], bank: Bank | None, *, seed: int = 0
) -> tuple[Verdict, ...]:
    """Verdicts without curves on the maps of one finding; of several, `decide` on all together."""
    return decide(weigh_all(judged, maps, bank, seed=seed))


def weigh_all(
    judged: JudgedFilm, maps: Mapping[str, Attribution], bank: Bank | None, *, seed: int = 0
) -> dict[str, Evidence]:
    """What the nulls make of each map; the same seed draws the same silhouettes for all."""
    judge = Judge.of(judged, seed=seed)
    return {name: weigh(judge, entry, bank) for name, entry in maps.items()}


def weigh(judge: Judge, attribution: Attribution, bank: Bank | None) -> Evidence:
    """What the nulls make of one map."""
    judged = judge.judged
    values, vector = shown(attribution), region_vector(attribution, judged.labels)
    if values is None or vector is None:
        return Evidence(method=attribution.method, reason="the method gives no map of the film")
    if np.ptp(values) == 0:
        return Evidence(method=attribution.method, reason="the map is the same everywhere")
    if np.ptp(judged.values) == 0:
        reason = "the value does not change when regions are covered"
        return Evidence(method=attribution.method, reason=reason)
    own = coarse(values)
    others = bank.of(attribution, judge.body) if bank else None
    smooth = smooth_maps(own, judge.body, np.random.default_rng([judge.seed, STREAM]))
    comparison = Comparison(judge, attribution, own)
    p_values = [
        (SMOOTH, comparison.p(smooth)),
        (SILHOUETTES, comparison.p(judge.outlines, either=True)),
    ]
    if others:
        p_values.insert(0, (OTHER_CASES, comparison.p(others.maps, common=others.common)))
    return Evidence(
        method=attribution.method,
        agreement=comparison.agreement,
        p_values=tuple(p_values),
        fidelity=fidelity_correlation(judged, vector),
        infidelity=infidelity(judged, vector, is_scaled=attribution.kind != "contribution"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One coarse map (C, C) of an attribution before a judge, to be compared with others."""

    judge: Judge
    attribution: Attribution
    own: np.ndarray

    @property
    def agreement(self) -> float:
        """The map's own agreement with the effects."""
        return float(self.reached(self.own[None])[0])

    def reached(self, maps: np.ndarray, common: np.ndarray | None = None) -> np.ndarray:
        """The agreement (n,) of maps (n, C, C), those of `common` (k, C, C) held fixed."""
        fixed = None if common is None else self._regions(common)
        return self.judge.agreement(self._regions(maps), self.attribution.kind, common=fixed)

    def p(
        self, maps: np.ndarray, *, common: np.ndarray | None = None, either: bool = False
    ) -> float:
        """The p against other maps (n, C, C); with `either`, they count in both directions."""
        reached = self.reached(maps, common)
        if either and self.attribution.kind != "attention":
            reached = np.abs(reached)
        own = self.reached(self.own[None], common)[0]
        return (1 + int((reached >= own).sum())) / (1 + len(maps))

    def _regions(self, maps: np.ndarray) -> np.ndarray:
        is_painted = self.attribution.regions is not None
        is_sum = self.attribution.kind == "contribution" and not is_painted
        return self.judge.regions(maps, is_sum=is_sum)


def decide(
    found: Mapping[str, Evidence], drawn: Mapping[str, Curves] | None = None
) -> tuple[Verdict, ...]:
    """The answers for maps that are shown together, of one finding or several."""
    checked = {name: entry for name, entry in found.items() if not entry.reason}
    adjusted = dict(
        zip(checked, holm([entry.p for entry in checked.values()]).tolist(), strict=True)
    )
    verdicts = []
    for name, entry in found.items():
        answer = _answer(entry, adjusted.get(name))
        verdicts.append(
            Verdict(
                method=name,
                answer=answer,
                sentence=SENTENCES[answer].format(reason=_reason(entry)) + LIMIT,
                evidence=entry,
                p_holm=adjusted.get(name),
                curves=(drawn or {}).get(name),
            )
        )
    return tuple(verdicts)


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjusted p (n,): Holm 1979 (jstor.org/stable/4615733), step down, never above 1."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def region_vector(attribution: Attribution, labels: np.ndarray) -> np.ndarray | None:
    """What the shown map gives each region (R,); None without a map.

    A painted map holds each region's number on all of it; of a contribution by pixels it is the
    sum, of other maps the mean.
    """
    values = shown(attribution)
    if values is None:
        return None
    area = np.bincount(labels.ravel())
    sums = np.bincount(labels.ravel(), weights=on_square(values, len(labels)).ravel())
    is_sum = attribution.kind == "contribution" and attribution.regions is None
    # A coarser map spread over more pixels must still sum to what it says.
    return np.asarray(sums * values.size / labels.size if is_sum else sums / area)


def _answer(evidence: Evidence, p_holm: float | None) -> Answer:
    if evidence.reason or p_holm is None:
        return "not checked"
    has_all = {name for name, _ in evidence.p_values} == set(NULLS)
    if p_holm <= ALPHA and has_all:
        return "yes"
    return "unclear" if evidence.p <= DOUBT else "not shown"


def _reason(evidence: Evidence) -> str:
    if evidence.reason:
        return evidence.reason
    best = [AS_GOOD[name] for name, p in evidence.p_values if p > DOUBT]
    if best:
        return f"{' and '.join(best)} agree with the model about as well"
    if OTHER_CASES not in dict(evidence.p_values):
        return "there are no maps of other cases to compare it with"
    return "it agrees with the model better than most maps that know nothing of it, but not surely"
