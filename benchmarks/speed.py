"""Speed as ratios of two sides measured in one run, DESIGN section 6: `make bench`.

    python -m benchmarks.speed [--checkpoint hip] [--preset paper] [--device cuda]

Both sides explain the same shipped case with the same model on the same device. Figures are medians
of the repeats; the two sides take turns, so that a busy machine slows both. The libraries' whole
case runs once: it takes minutes.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from benchmarks import libraries
from benchmarks.libraries import Counts
from benchmarks.speed_cases import (
    CASES,
    Side,
    alone,
    apart,
    bare,
    film_of,
    hardware,
    measure,
    shipped_case,
    subject,
)
from benchmarks.speed_memory import peak
from xattn.explain.base import Game, Steps
from xattn.records import Case, Explanation
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS, LoadedModel
from xattn.trust.curves import curves
from xattn.trust.judging import judge_film

METHODS = ("shapley", "gradcam", "attention", "integrated", "lime", "joint")
"""What the libraries can compose as well; attention they have none of."""
CURVES = 3
"""Maps whose curves are drawn on both sides: Grad-CAM, LIME, Shapley values of regions."""
ONCE = 1
EDITED: dict[str, dict[str, dict[str, Sequence[object]]]] = {
    "hip": {
        "edit of alcohol": {"alcohol": range(20)},
        "edit of height, which moves BMI": {"height": range(150, 191), "bmi": (None,)},
    },
    "breast": {
        "edit of the form": {
            "density": range(1, 5),
            "mass_shape": ("OVAL", "ROUND", "LOBULATED", "IRREGULAR"),
        }
    },
    "chest": {"edit of the form": {"age": range(20, 91)}},
}
"""By what is printed, the entries that edits run through."""


def main() -> None:
    """Print the table of each system."""
    options = _options()
    names = [options.checkpoint] if options.checkpoint else list(SYSTEMS)
    for name in names:
        model = subject(name, preset=options.preset, device=options.device)
        engine = Engine(model, Worker())
        case = shipped_case(engine)
        print(
            f"\n{model.system.name}, {model.checkpoint.description.preset}; {hardware(model)}; "
            f"median of {options.repeats}\n"
        )
        print("| what | ours, s | other side, s | other / ours |\n|---|---|---|---|", flush=True)
        for row, left, right in rows(engine, case, options.repeats):
            print(f"| {row} | {left:.3f} | {right:.3f} | {right / left:.1f} |", flush=True)
        if not options.checkpoint:
            print(f"\n{peak(name)}")
    print(f"\n| `import xattn`, s | bare Python, s |\n|---|---|\n{_imports(options.repeats)}")


def rows(engine: Engine, case: Case, repeats: int) -> Iterator[tuple[str, float, float]]:
    """Each comparison: its name, and the seconds of our side and of the other."""
    model = engine.model
    found = explained(model, case)
    whole: Side = partial(whole_case, model, case)
    for said, counts in counted(found, model).items():
        other = apart(partial(libraries.composition, model, case, counts))
        yield f"whole case, libraries {said}", *measure(whole, other, ONCE)
    passes = sum(entry.passes for _, entry in found.attributions) - shared(found)
    whole = partial(explained, model, case)
    yield (
        f"explanations, {passes} bare passes",
        *measure(whole, apart(partial(bare, model, passes)), 3),
    )
    for said, entries in EDITED[model.system.name].items():
        forms = iter(edits(engine, case, entries))
        edit(engine, case)
        yield (
            f"{said}, whole case anew",
            *measure(lambda forms=forms: edit(engine, next(forms)), whole, repeats),
        )
    film = film_of(sorted((CASES / model.system.name).iterdir())[0]).read_bytes()
    yield (
        "upload to prediction, whole case",
        *measure(lambda: uploaded(model, film, case), whole, repeats),
    )


def counted(found: Explanation, model: LoadedModel) -> dict[str, Counts]:
    """How much the libraries sample; a masked film of ours meets several forms."""
    attributions, fields = dict(found.attributions), len(model.system.schema.names)
    settings = dict(attributions["joint"].provenance.settings)
    films = int(dict(attributions["joint"].figures)["masked films"])
    equal = Counts(
        lime=attributions["lime"].passes,
        steps=attributions["integrated"].passes // 2,
        form=min(2 ** len(found.case.form.known), 2 * fields + 2048),
        joint=films,
        curves=CURVES,
    )
    coalitions = films * int(settings["forms"])
    return {
        "at equal encoder passes": equal,
        f"at equal coalitions, {coalitions}": replace(equal, joint=coalitions),
        "at their defaults": Counts(),
    }


def shared(found: Explanation) -> int:
    """Passes that were counted twice: LIME's masks are the pool's, which the joint game draws."""
    attributions = dict(found.attributions)
    return min(attributions["lime"].passes, attributions["joint"].passes)


def explained(model: LoadedModel, case: Case) -> Explanation:
    """Prediction and explanations, nothing kept from before."""
    with alone(Engine(model, Worker())) as engine:
        return engine.explain(case, METHODS)


def whole_case(model: LoadedModel, case: Case) -> None:
    """Prediction, explanations, and the curves of three maps beside random orders."""
    with alone(Engine(model, Worker())) as engine:
        engine.explain(case, METHODS)
        engine.worker.submit("curves", lambda: _curves(Game(model, case, model.target))).result()


def edit(engine: Engine, case: Case) -> object:
    """What follows an edit of the form at once: prediction, exact Shapley, attention."""
    with alone(engine) as other:
        other.predict(case)
        return [other.start_explanation(case, key).result() for key in ("shapley", "attention")]


def uploaded(model: LoadedModel, film: bytes, case: Case) -> object:
    """From a file's bytes to its prediction, by an engine that has seen nothing yet."""
    with alone(Engine(model, Worker())) as engine:
        return engine.predict(engine.read(film, case.form))


def edits(engine: Engine, case: Case, entries: Mapping[str, Sequence[object]]) -> list[Case]:
    """The case with other entries, none twice."""
    schema = engine.schema
    plain = schema.plain(case.form)
    changes = [dict(zip(entries, each, strict=True)) for each in product(*entries.values())]
    return [case.with_form(schema.check({**plain, **change})) for change in changes]


def _curves(game: Game) -> Steps[None]:
    """Curves in any order, and those of random orders: the cost does not depend on the map."""
    judged = yield from judge_film(game)
    for kind in ("relative", "contribution", "contribution"):
        yield from curves(game, judged, np.arange(game.film.region_count), kind)


def _imports(repeats: int) -> str:
    script = partial(subprocess.run, check=True)
    package, nothing = ([sys.executable, "-c", code] for code in ("import xattn", "pass"))
    ours, other = measure(partial(script, package), partial(script, nothing), repeats)
    return f"| {ours:.3f} | {other:.3f} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", help="a system or a checkpoint folder; else all systems")
    what = "another than the checkpoint's has fresh weights: for speed alone"
    parser.add_argument("--preset", choices=("compact", "paper"), default="compact", help=what)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
