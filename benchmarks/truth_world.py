"""World truth: the shipped models' maps against the causes that their phantoms were drawn from."""

import numpy as np

from benchmarks.truth_cases import Scene
from benchmarks.truth_places import (
    METHODS,
    MODELS,
    PLACED,
    PRECISION,
    STRONGEST,
    TOTAL,
    Found,
    asked,
    ceiling,
    placed,
    rows,
    spread_out,
)
from benchmarks.truth_run import Amounts, batch_numbers, say
from benchmarks.truth_tables import sentence, table
from xattn.explain.base import Game
from xattn.systems import LoadedModel

FIRST_SEED = 52_000_000
"""Of phantoms that nothing was trained on or tuned on; batches lie 100,000 apart."""
PHYSICS = {"as in training, confounded": False, "shifted, unseen in training": True}


def section(scene: Scene, model: LoadedModel, amounts: Amounts) -> str:
    """The tables of one scene: two kinds of physics, then the films that show no cause."""
    parts, usual = [], Found()
    for physics, shifted in PHYSICS.items():
        found, even, limits = localised(scene, model, amounts, shifted=shifted)
        usual = usual or even
        batches = batch_numbers(amounts.batches, amounts.located)
        told = rows(found, PLACED)
        area, best = limits.mean(axis=0)
        parts += [
            f"\n**{scene.name}, physics {physics}**: {len(batches)} cases; the mask of",
            f"{scene.cause} is {area:.3f} of the film, a chance map's AUPRC; its own is",
            f"{best:.3f} on these regions.\n",
            table(told, PLACED, batches),
            "",
            sentence(told, PRECISION, np.arange(len(batches))),
        ]
    return "\n".join([*parts, diffuse(scene, model, amounts, usual=usual)])


def localised(
    scene: Scene, model: LoadedModel, amounts: Amounts, *, shifted: bool
) -> tuple[Found, Found, np.ndarray]:
    """Scores by place and of evenness; the masks' shares of the area and ceilings (N, 2)."""
    found: Found = {method: [] for method in METHODS}
    even: Found = {method: [] for method in METHODS}
    limits = []
    for batch in range(amounts.batches):
        first = FIRST_SEED + 100_000 * batch
        cases = scene.cases(first, amounts.located, shifted=shifted, fired=True)
        for number, case in enumerate(cases):
            say(f"{scene.name}{', shifted' * shifted}: {batch + 1}.{number + 1}")
            game = Game(model, case.case, model.targets[case.output])
            with_costly = number < amounts.costly and not shifted
            answers = asked(game, amounts, with_costly=with_costly)
            sign = float(np.sign(case.effect))
            for method in METHODS:
                answer = answers.get(method)
                scores = (
                    placed(method, answer, mask=case.mask, game=game, sign=sign) if answer else {}
                )
                found[method].append(scores)
                even[method].append(spread_out(method, answer, game) if answer else {})
            limits.append((case.mask.mean(), ceiling(case.mask, game)))
    return found, even, np.array(limits)


def diffuse(scene: Scene, model: LoadedModel, amounts: Amounts, *, usual: Found) -> str:
    """The table of films that show no cause: their maps should be even, and small."""
    found: Found = {method: [] for method in MODELS}
    for batch in range(amounts.batches):
        first = FIRST_SEED + 100_000 * batch
        for case in scene.cases(first, amounts.diffuse, shifted=False, fired=False):
            say(f"{scene.name}, no cause: {batch + 1}")
            game = Game(model, case.case, model.targets[case.output])
            for method, answer in asked(game, amounts, MODELS, with_costly=False).items():
                found[method].append(spread_out(method, answer, game))
    columns = (STRONGEST, TOTAL)
    batches = batch_numbers(amounts.batches, amounts.diffuse)
    told = rows(found, columns)
    lines = ["| method | source | strongest region's share | … where a cause shows "]
    lines[0] += "| sum of the strengths, over that where a cause shows |"
    lines.append("|---|---|---|---|---|")
    for row in told:
        before = {name.name: _mean(usual[row.method], name.name) for name in columns}
        strength = np.nanmean(row.scores[TOTAL.name]) if _has(row.scores[TOTAL.name]) else np.nan
        ratio = strength / before[TOTAL.name]
        lines.append(
            f"| {row.method.name} | {row.method.source} "
            f"| {np.nanmean(row.scores[STRONGEST.name]):.2f} | {before[STRONGEST.name]:.2f} "
            f"| {'·' if np.isnan(ratio) else f'{ratio:.2f}'} |"
        )
    opening = (
        f"\n**{scene.name}, films on which {scene.shows_nothing}**: {len(batches)} cases, physics"
        " as in training; maps should be even and weak.\n"
    )
    said = sentence(told, STRONGEST, np.arange(len(batches)))
    return "\n".join([opening, *lines, "", said])


def _has(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).any())


def _mean(cases: list[dict[str, float]], name: str) -> float:
    values = [case[name] for case in cases if name in case]
    return float(np.mean(values)) if values else float("nan")
