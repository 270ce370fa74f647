"""What a cut on the model's answer costs: sensitivity and specificity, and people at a prevalence.

`operating.json` beside a checkpoint's weights holds counts on cases that training did not see, so
that nothing of these cases is needed to read it. Below a cut nobody is called safe.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from xattn.data.densitometry import PAPER_THRESHOLD
from xattn.errors import CheckpointError
from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.evaluate import what_is_said
from xattn.training.loop import predict_scores
from xattn.training.metrics import Estimate
from xattn.trust.reliability import Bin, reliability

FILE = "operating.json"
FORMAT = 1
PEOPLE = 1000
PROBABILITIES = tuple(place / 100 for place in range(1, 100))
DENSITIES = tuple(round(0.4 + place / 100, 2) for place in range(81))
"""Cuts that are counted, in g/cm²."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Counts at every cut for one target; `bins` and `steps` are its reliability.

    Called is who lies at or above the cut; where `is_low`, at or below it (low bone density).
    """

    target: str
    is_low: bool
    positives: int
    negatives: int
    cuts: tuple[float, ...]
    true_positives: tuple[int, ...]
    false_positives: tuple[int, ...]
    bins: tuple[Bin, ...]
    steps: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Operating:
    """A checkpoint's curves, of which cases they are, and of which model."""

    model_id: str
    data: str
    curves: tuple[Curve, ...]

    def curve(self, target: str) -> Curve | None:
        """The curve of a target; None where there is none."""
        return next((each for each in self.curves if each.target == target), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a cut means for people at a prevalence; counts are of `PEOPLE`, not rounded.

    Predictive values are None where nobody is on that side of the cut.
    """

    cut: float
    prevalence: float
    sensitivity: Estimate
    specificity: Estimate
    found: float
    missed: float
    false_alarms: float
    spared: float
    positive_value: float | None
    negative_value: float | None


def consequences(curve: Curve, place: int, prevalence: float) -> Consequences:
    """The consequences of the cut at a place among the curve's cuts.

    Sensitivity and specificity are taken to hold at every prevalence, which another mix of
    patients need not keep. Predictive values by Bayes' rule (Altman and Bland 1994,
    doi:10.1136/bmj.309.6947.102).
    """
    sensitivity = share(curve.true_positives[place], curve.positives)
    kept = curve.negatives - curve.false_positives[place]
    specificity = share(kept, curve.negatives)
    found = PEOPLE * prevalence * sensitivity.value
    alarms = PEOPLE * (1 - prevalence) * (1 - specificity.value)
    missed, spared = PEOPLE * prevalence - found, PEOPLE * (1 - prevalence) - alarms
    return Consequences(
        cut=curve.cuts[place],
        prevalence=prevalence,
        sensitivity=sensitivity,
        specificity=specificity,
        found=found,
        missed=missed,
        false_alarms=alarms,
        spared=spared,
        positive_value=found / (found + alarms) if found + alarms > 0 else None,
        negative_value=spared / (spared + missed) if spared + missed > 0 else None,
    )


def share(count: int, of: int) -> Estimate:
    """A share with Wilson's 95 % interval (Wilson 1927)."""
    ends = binomtest(count, of).proportion_ci(0.95, method="wilson")
    return Estimate(count / of, float(ends.low), float(ends.high))


def curve_of(target: str, said: np.ndarray, truth: np.ndarray, *, is_low: bool = False) -> Curve:
    """The counts of what was said (N,) against what is true (N,), NaN where nobody knows.

    A number is positive at or below the threshold of low bone density (P061).

    Raises:
        CheckpointError: if one of the two classes is missing.
    """
    known = ~np.isnan(truth)
    said, truth = said[known], truth[known]
    positive = truth <= PAPER_THRESHOLD.value if is_low else truth > 0.5
    if positive.all() or not positive.any():
        raise CheckpointError("Cases of both answers are needed to judge a cut.")
    cuts = DENSITIES if is_low else PROBABILITIES
    called = [said <= cut if is_low else said >= cut for cut in cuts]
    found = reliability(said, truth)
    return Curve(
        target=target,
        is_low=is_low,
        positives=int(positive.sum()),
        negatives=int((~positive).sum()),
        cuts=cuts,
        true_positives=tuple(int((each & positive).sum()) for each in called),
        false_positives=tuple(int((each & ~positive).sum()) for each in called),
        bins=found.bins,
        steps=found.curve,
    )


def operating_of(model: LoadedModel, cases: Cases, data: str) -> Operating:
    """The curves of every target that has both answers among the cases."""
    said = what_is_said(model, predict_scores(model.module, cases).numpy())
    labels = cases.labels.double().numpy()
    is_low = not model.system.is_probability
    curves = []
    for column, target in enumerate(model.targets):
        truth = labels[:, column]
        if is_low or len(np.unique(truth[~np.isnan(truth)])) > 1:
            curves.append(curve_of(target.name, said[:, column], truth, is_low=is_low))
    return Operating(model.checkpoint.model_id, data, tuple(curves))


def save(folder: Path, operating: Operating) -> None:
    """Write `operating.json` into a checkpoint folder."""
    content = {"format": FORMAT, **asdict(operating)}
    text = json.dumps(_rounded(content), sort_keys=True, allow_nan=False)
    (folder / FILE).write_text(text + "\n", "utf-8")


def load(folder: Path | None, model_id: str) -> Operating | None:
    """What lies in a checkpoint's folder; None where nothing does.

    Raises:
        CheckpointError: if it is damaged, or of another model.
    """
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        plain = json.loads((folder / FILE).read_text("utf-8"))
        number, curves = plain["format"], tuple(map(_curve, plain["curves"]))
        found = Operating(plain["model_id"], plain["data"], curves)
    except (OSError, KeyError, TypeError, ValueError):
        raise CheckpointError(f"{FILE} is not as xattn writes it; make it again.") from None
    if number != FORMAT or found.model_id != model_id:
        raise CheckpointError(f"{FILE} is of another model or format; make it again.")
    return found


def _curve(plain: dict[str, Any]) -> Curve:
    lists = ("cuts", "true_positives", "false_positives")
    bins = {name: tuple(Bin(**each) for each in plain[name]) for name in ("bins", "steps")}
    return Curve(**{**plain, **{name: tuple(plain[name]) for name in lists}, **bins})


def _rounded(content: Any) -> Any:
    """Numbers to six digits: what the counts carry."""
    if isinstance(content, float):
        return content if content == 0 or not math.isfinite(content) else float(f"{content:.6g}")
    if isinstance(content, dict):
        return {name: _rounded(value) for name, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [_rounded(value) for value in content]
    return content
