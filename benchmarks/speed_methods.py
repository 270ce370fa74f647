"""Each explainer of each system against the bare cost of its encoder passes, in both precisions.

    python -m benchmarks.speed_methods [--device cuda]

A method that reads the pool of masked films is measured with a pool of its own; in the app they
share one. In bfloat16, where the device computes in it, "changes by" is the largest change of
any number of the result against float32, in the target's unit or of a relative map's 0 to 1.
"""

import argparse
from dataclasses import replace
from functools import partial

import numpy as np

import xattn
from benchmarks.speed_cases import alone, apart, bare, hardware, measure, seconds, shipped_case
from xattn.errors import ExplainError
from xattn.explain import EXPLAINERS
from xattn.records import Attribution, Case
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS, LoadedModel

HEAD = """
{system}; {hardware}

| explainer | s | passes | s of as many bare passes | ratio | bfloat16, s | changes by |
|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print a table for each system."""
    options = _options()
    for system in SYSTEMS:
        model = replace(xattn.load(system, device=options.device).model, is_rounded=False)
        case = shipped_case(Engine(model, Worker()))
        print(HEAD.format(system=system, hardware=hardware(model)), flush=True)
        for method, explainer in EXPLAINERS.items():
            if not explainer.is_foreign:
                print(row(model, case, method, options.repeats), flush=True)


def row(model: LoadedModel, case: Case, method: str, repeats: int) -> str:
    """One line of the table; a method that cannot explain the model says so."""
    run = partial(explained, model, case, method)
    try:
        found = run()
    except ExplainError as refusal:
        return f"| {method} | {refusal} | | | | | |"
    other = apart(partial(bare, model, max(1, found.passes)))
    ours, passes = measure(run, other, repeats)
    half = replace(model, is_rounded=True)
    rounded = seconds(partial(explained, half, case, method))
    change = difference(found, explained(half, case, method))
    return (
        f"| {method} | {ours:.3f} | {found.passes} | {passes:.3f} | {ours / passes:.1f} "
        f"| {rounded:.3f} | {change:.1e} |"
    )


def explained(model: LoadedModel, case: Case, method: str) -> Attribution:
    """One attribution by an engine that has seen nothing yet."""
    with alone(Engine(model, Worker())) as engine:
        return engine.start_explanation(case, method).result()


def difference(one: Attribution, other: Attribution) -> float:
    """The largest change of any number."""
    pairs = [(a.values, b.values) for a, b in zip(one.maps, other.maps, strict=True)]
    numbers = zip(one.players, other.players, strict=True)
    pairs += [(np.array(a[1]), np.array(b[1])) for a, b in numbers]
    return max((float(np.abs(a - b).max()) for a, b in pairs), default=0.0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
