"""How well the outlines of anatomy are found on phantoms: `python -m benchmarks.anatomy`.

Dice coefficients against the phantoms' geometry, on the model's square, over what was found.
"""

import argparse
import time

import numpy as np

from benchmarks.anatomy_truth import Drawn, drawn
from xattn.trust.segment_breast import breast
from xattn.trust.segment_chest import thorax_parts
from xattn.trust.segment_film import FilmParts, Segment, split
from xattn.trust.segment_hip import femur

FIRST_SEED = 50_000_000
"""Of phantoms that nothing was trained on or tuned on."""


def main() -> None:
    """Print a table per system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="phantoms per system")
    parser.add_argument("--shifted", action="store_true", help="films of unseen physics")
    options = parser.parse_args()
    print("| system | part | found | Dice, mean | 10th percentile | worst |")
    print("|---|---|---|---|---|---|")
    for system in ("hip", "breast", "chest"):
        start = time.perf_counter()
        for name, row in measure(system, options.count, shifted=options.shifted).items():
            values = np.array([value for value in row if value is not None])
            told = ["·"] * 3
            if len(values):
                told = [f"{x:.3f}" for x in (values.mean(), np.quantile(values, 0.1), values.min())]
            cells = [system, name, f"{len(values)} of {len(row)}", *told]
            print(f"| {' | '.join(cells)} |")
        print(f"{system}: {time.perf_counter() - start:.0f} s", flush=True)


def measure(system: str, count: int, *, shifted: bool) -> dict[str, list[float | None]]:
    """By part, the Dice coefficient of every phantom that has it; None where it was not found."""
    rows: dict[str, list[float | None]] = {}
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        phantom = drawn(system, seed, shifted=shifted)
        for segment in found(system, phantom):
            truth = phantom.truth.get(segment.name)
            if truth is not None and truth.any():
                value = dice(segment.mask, truth) if segment.is_found else None
                rows.setdefault(segment.name, []).append(value)
    return rows


def found(system: str, phantom: Drawn) -> tuple[Segment, ...]:
    """The anatomy of a phantom's picture, then its markers and border."""
    parts = split(phantom.pixels, phantom.padding)
    anatomy = _anatomy(system, phantom, parts)
    masks = [segment.mask for segment in anatomy if segment.is_found]
    if masks:
        parts = parts.without_markers_in(np.logical_or.reduce(masks) & ~parts.border)
    return (*anatomy, Segment("markers", parts.markers), Segment("border", parts.border))


def _anatomy(system: str, phantom: Drawn, parts: FilmParts) -> tuple[Segment, ...]:
    if system == "hip":
        return femur(phantom.pixels, phantom.padding)
    if system == "breast":
        return (breast(parts, is_crop=phantom.is_crop),)
    return thorax_parts(phantom.pixels, parts.background, phantom.padding)


def dice(left: np.ndarray, right: np.ndarray) -> float:
    """2 |A ∩ B| / (|A| + |B|) (Dice 1945)."""
    return float(2 * (left & right).sum() / (left.sum() + right.sum()))


if __name__ == "__main__":
    main()
