"""How sure: prediction sets, Venn–Abers ranges and intervals, by how much of the case is unknown.

A table of limits is fitted once per checkpoint on calibration cases, one per patient, and stored
beside the weights as `sureness.json`; looking a case up is arithmetic.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from xattn.data.clinical import Form
from xattn.data.densitometry import PAPER_THRESHOLD, Band, Maker, bands_touched
from xattn.data.densitometry_sentences import YOUNGEST
from xattn.errors import CheckpointError
from xattn.records import Target
from xattn.trust import conformal, venn_abers
from xattn.trust.strata import Stratum, share_unknown, stratum_of
from xattn.trust.venn_abers import Range, VennAbers
from xattn.trust.wording import is_probability, percent, probability, span

LEVEL = 0.9
FILE = "sureness.json"
FORMAT = 1
METHODS = {
    "g/cm²": "split conformal interval, absolute residual",
    "log-odds": "split conformal set per answer; Venn–Abers range",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the calibration cases of one target and stratum give.

    A probability has two `counts` and `limits`, of no and of yes, and a Venn–Abers range; a number
    has one of each, the limit being half its interval's width. An infinite limit: too few cases.
    """

    target: str
    stratum: str
    counts: tuple[int, ...]
    limits: tuple[float, ...]
    venn_abers: VennAbers | None = None

    @property
    def plain(self) -> dict[str, object]:
        """The row, ready for JSON, in which an infinite limit is null."""
        limits = [None if math.isinf(limit) else limit for limit in self.limits]
        return {**asdict(self), "limits": limits}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurenessTable:
    """`sureness.json`: the limits of one model's calibration."""

    model_id: str
    rows: tuple[Row, ...]
    level: float = LEVEL
    format: int = FORMAT

    def row(self, target: str, stratum: str) -> Row:
        """The row of a target and stratum.

        Raises:
            CheckpointError: if the table has none.
        """
        for row in self.rows:
            if (row.target, row.stratum) == (target, stratum):
                return row
        raise CheckpointError(f"The table of intervals has no row for {target[:60]!r}: {stratum}.")

    def save(self, folder: Path) -> None:
        """Write the table into a checkpoint's folder."""
        content = {**asdict(self), "rows": [row.plain for row in self.rows]}
        text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        (folder / FILE).write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> "SurenessTable":
        """The table of a checkpoint's folder.

        Raises:
            CheckpointError: if it is missing, damaged or of another format.
        """
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
            is_ours = content.pop("format") == FORMAT
            rows = tuple(_row(row) for row in content.pop("rows"))
            table = SurenessTable(rows=rows, **content)
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"The checkpoint folder needs a readable {FILE} as written by xattn."
            ) from error
        if not is_ours:
            raise CheckpointError(f"Expected {FILE} of format {FORMAT}, however: another.")
        return table


def fit_row(target: Target, stratum: Stratum, said: np.ndarray, labels: np.ndarray) -> Row:
    """The row for values (n,) of a target and labels (n,), NaN where nobody knows.

    One case per patient: see `conformal.one_per_group`.
    """
    known = ~np.isnan(labels)
    said, labels = said[known], labels[known]
    if not is_probability(target):
        limit = conformal.interval_limit(said, labels, LEVEL)
        return Row(target.name, stratum.name, (len(labels),), (limit,))
    positive = int((labels > 0.5).sum())
    return Row(
        target.name,
        stratum.name,
        (len(labels) - positive, positive),
        conformal.answer_limits(said, labels, LEVEL),
        venn_abers.fit(said, labels),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """How sure one output is, or why nobody can say.

    A number has an `interval` in its unit and the `bands` that this touches; a probability has a
    set of `answers` and a `range` of calibrated probability. With `reasons` there is neither.
    """

    target: str
    method: str
    level: float
    stratum: str
    calibration: tuple[int, ...]
    """Calibration cases of the stratum: all of a number; of no and of yes."""
    interval: tuple[float, float] | None = None
    bands: tuple[Band, ...] = ()
    answers: tuple[str, ...] | None = None
    range: Range | None = None
    cut: float
    """The decision cut in the target's unit."""
    is_near_cut: bool = False
    reasons: tuple[str, ...] = ()
    sentence: str

    @property
    def is_valid(self) -> bool:
        """Whether there is anything to show."""
        return not self.reasons

    @property
    def plain(self) -> dict[str, object]:
        """Every number and sentence, ready for JSON."""
        merged = None if self.range is None else self.range.merged
        return {**asdict(self), "is_valid": self.is_valid, "merged": merged}


def how_sure(
    table: SurenessTable,
    target: Target,
    value: float,
    *,
    form: Form,
    has_film: bool = True,
    reasons: tuple[str, ...] = (),
) -> Sureness:
    """How sure a value of a target is, given how much of the form is unknown.

    `reasons` (see `validity.why_not_valid`): where there are any, they stand instead of numbers.

    Raises:
        CheckpointError: if the table has no row for the target.
    """
    stratum = stratum_of(share_unknown(form), has_film=has_film)
    row = table.row(target.name, stratum.name)
    if math.inf in row.limits:
        few = f"Only {' and '.join(map(str, row.counts))} calibration cases had {stratum.name}."
        reasons = (*reasons, few)
    cut = default_cut(target)
    facts = _Facts(target, METHODS[target.unit], table.level, row, cut)
    if reasons:
        return facts.record(reasons=reasons, sentence=f"Not valid here: {' '.join(reasons)}")
    if row.venn_abers is None:
        return _of_number(facts, value, form)
    return _of_probability(facts, value, row.venn_abers)


def default_cut(target: Target) -> float:
    """The decision cut of a target: T = −1 of P061 for densities, else even odds."""
    return PAPER_THRESHOLD.value if target.unit == "g/cm²" else 0.0


def has_t_score(form: Form) -> bool:
    """Whether T-scores may be said: not below 50 years (DESIGN 8)."""
    ages = [value for name, value in form.entries if name.startswith("age_")]
    return min((age for age in ages if isinstance(age, float)), default=YOUNGEST) >= YOUNGEST


@dataclass(frozen=True, slots=True)
class _Facts:
    """What every record of a case's sureness repeats."""

    target: Target
    method: str
    level: float
    row: Row
    cut: float

    @property
    def basis(self) -> str:
        """What a sentence rests on."""
        counts = " and ".join(f"{count:,}" for count in self.row.counts)
        return f"{counts} calibration cases with {self.row.stratum}"

    def record(
        self,
        *,
        sentence: str,
        interval: tuple[float, float] | None = None,
        bands: tuple[Band, ...] = (),
        answers: tuple[str, ...] | None = None,
        probabilities: Range | None = None,
        reasons: tuple[str, ...] = (),
    ) -> Sureness:
        """The record, near the cut where its range touches the cut."""
        is_near = _touches(interval, self.cut)
        if probabilities is not None:
            even = 1 / (1 + math.exp(-self.cut))
            is_near = _touches((probabilities.low, probabilities.high), even)
        return Sureness(
            target=self.target.name,
            method=self.method,
            level=self.level,
            stratum=self.row.stratum,
            calibration=self.row.counts,
            interval=interval,
            bands=bands,
            answers=answers,
            range=probabilities,
            cut=self.cut,
            is_near_cut=is_near,
            reasons=reasons,
            sentence=sentence + (" It touches the decision cut." if is_near else ""),
        )


def _of_number(facts: _Facts, value: float, form: Form) -> Sureness:
    half = facts.row.limits[0]
    interval = value - half, value + half
    bands = bands_touched(*interval, Maker.LUNAR) if has_t_score(form) else ()
    touched = f" It touches: {'; '.join(bands)}." if bands else ""
    sentence = (
        f"{percent(facts.level)} interval {span(facts.target, *interval)} (split conformal, "
        f"{facts.basis}).{touched}"
    )
    return facts.record(sentence=sentence, interval=interval, bands=bands)


def _of_probability(facts: _Facts, value: float, ranges: VennAbers) -> Sureness:
    no, yes = facts.row.limits
    answers = conformal.answers(value, (no, yes))
    found = ranges.at(value)
    words = {
        (): "neither answer is usual at this number",
        ("no",): "no; a set without yes does not exclude it",
        ("yes",): "yes",
        ("no", "yes"): "no and yes: undecided",
    }
    ends = f"{probability(found.low)} to {probability(found.high)}"
    sentence = (
        f"Calibrated probability {ends} (Venn–Abers); {percent(facts.level)} prediction set for "
        f"“{facts.target.name}”: {words[answers]} ({facts.basis})."
    )
    return facts.record(sentence=sentence, answers=answers, probabilities=found)


def _touches(ends: tuple[float, float] | None, cut: float) -> bool:
    return ends is not None and ends[0] <= cut <= ends[1]


def _row(content: dict[str, object]) -> Row:
    counts, limits, ranges = (content[name] for name in ("counts", "limits", "venn_abers"))
    assert isinstance(counts, list)
    assert isinstance(limits, list)
    return Row(
        target=str(content["target"]),
        stratum=str(content["stratum"]),
        counts=tuple(counts),
        limits=tuple(math.inf if limit is None else limit for limit in limits),
        venn_abers=None if ranges is None else VennAbers.of_plain(ranges),
    )
