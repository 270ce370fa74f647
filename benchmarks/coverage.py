"""Coverage of sets, intervals and probability ranges on test phantoms, by what is unknown.

    python -m benchmarks.coverage                the shipped models on test phantoms
    python -m benchmarks.coverage --write        also stores each model's sureness.json

The accepted range is the beta-binomial's for the counts of calibration and test cases.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit

from xattn.systems import MODELS, SYSTEMS, LoadedModel, load
from xattn.training.cases import Cases
from xattn.training.recipes import World
from xattn.training.run import Amounts, part_cases, seeds_of
from xattn.training.sureness import Said, fit_sureness, said_by_stratum
from xattn.trust.conformal import answers, coverage_range
from xattn.trust.reliability import reliability
from xattn.trust.sureness import FILE, Row, SurenessTable

CACHE = Path("runs/phantoms")
TEST_SEED = 1
"""Seed of what is withheld from test cases; the calibration's is 0."""


@dataclass(frozen=True, slots=True)
class Line:
    """Coverage of one promise: how many of the test cases, and the accepted range."""

    name: str
    covered: int
    cases: int
    accepted: tuple[int, int]

    @property
    def is_kept(self) -> bool:
        """Whether the count lies in the accepted range."""
        return self.accepted[0] <= self.covered <= self.accepted[1]

    @property
    def text(self) -> str:
        """The line of the table."""
        low, high = (count / self.cases for count in self.accepted)
        mark = "" if self.is_kept else "  OUTSIDE"
        share = self.covered / self.cases
        return f"{self.name:<58}{self.cases:>6}{share:>9.3f}   {low:.3f} to {high:.3f}{mark}"


def main() -> None:
    """Print the coverage of each system."""
    options = _options()
    torch.set_num_threads(1)
    for system in [options.system] if options.system else SYSTEMS:
        model = load(system, device="auto")
        table = fit_sureness(model, _part(system, "calibration"))
        test = _part(system, "test").take(torch.arange(options.cases))
        said = said_by_stratum(model, test, seed=TEST_SEED)
        lines = [line for row in table.rows for line in coverage(model, table, row, (test, said))]
        print(f"\n{system}: {'promise':<50}{'cases':>6}{'covered':>9}   accepted (99 %)")
        print("\n".join(line.text for line in lines))
        print(f"{sum(line.is_kept for line in lines)} of {len(lines)} in the accepted range")
        print("\n".join(_extent(model, table, said, test)))
        if options.write:
            folder = MODELS / system / "compact"
            table.save(folder)
            print(f"{FILE}: {(folder / FILE).stat().st_size / 1024:.0f} kB")


def coverage(
    model: LoadedModel, table: SurenessTable, row: Row, test: tuple[Cases, Said]
) -> list[Line]:
    """One line per count of a row: a number's interval, or each answer's place in the set."""
    said, labels = _known(model, row, test)
    name = f"{row.target}, {row.stratum}"
    if row.venn_abers is None:
        inside = np.abs(labels - said) <= row.limits[0]
        return [_line(name, inside, row.counts[0], table.level)]
    no, yes = said[labels < 0.5] <= row.limits[0], -said[labels > 0.5] <= row.limits[1]
    return [
        _line(f"{name}: {answer}", inside, count, table.level)
        for answer, inside, count in zip(("no", "yes"), (no, yes), row.counts, strict=True)
    ]


def _line(name: str, inside: np.ndarray, calibration: int, level: float) -> Line:
    accepted = coverage_range(calibration, len(inside), level)
    return Line(name, int(inside.sum()), len(inside), accepted)


def _known(model: LoadedModel, row: Row, test: tuple[Cases, Said]) -> tuple[np.ndarray, np.ndarray]:
    cases, found = test
    place = [target.name for target in model.targets].index(row.target)
    labels = cases.labels[:, place].double().numpy()
    known = ~np.isnan(labels)
    return found[row.stratum][known, place], labels[known]


def _extent(model: LoadedModel, table: SurenessTable, said: Said, test: Cases) -> list[str]:
    """How wide: half widths, or shares of sets and the mean width of the Venn–Abers range."""
    lines = []
    for row in table.rows:
        values, labels = _known(model, row, (test, said))
        if row.venn_abers is None:
            lines.append(f"{row.stratum}: ± {row.limits[0]:.3f} {model.target.unit}")
            lines.append(_by_third(values, labels, row))
            continue
        if row.target not in (model.target.name, "malignant"):
            continue
        sets = [answers(value, (row.limits[0], row.limits[1])) for value in values]
        shares = [np.mean([len(each) == size for each in sets]) for size in (0, 1, 2)]
        ranges = [row.venn_abers.at(value) for value in values]
        width = np.mean([each.high - each.low for each in ranges])
        merged = np.array([each.merged for each in ranges])
        raw, venn = reliability(expit(values), labels), reliability(merged, labels)
        lines.append(
            f"{row.target}, {row.stratum}: sets of none, one, both "
            f"{shares[0]:.2f}, {shares[1]:.2f}, {shares[2]:.2f}; Venn–Abers width {width:.3f}; "
            f"miscalibration {raw.miscalibration:.4f}, merged {venn.miscalibration:.4f}"
        )
    return lines


def _by_third(values: np.ndarray, labels: np.ndarray, row: Row) -> str:
    """Coverage within thirds of the prediction: whether one width serves all."""
    parts = np.array_split(np.argsort(values), 3)
    shares = [np.mean(np.abs(labels[part] - values[part]) <= row.limits[0]) for part in parts]
    return "  covered in low, middle, high third: " + ", ".join(f"{share:.3f}" for share in shares)


def _part(system: str, name: str) -> Cases:
    amounts = {"calibration": Amounts().calibration, "test": Amounts().test}
    return part_cases(system, World(), seeds_of(name, amounts[name]), CACHE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--system", choices=list(SYSTEMS))
    parser.add_argument("--cases", type=int, default=3_000, help="test cases at most")
    parser.add_argument("--write", action="store_true", help="store sureness.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
