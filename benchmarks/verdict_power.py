"""Size and power of the verdict on white boxes: `python -m benchmarks.verdict_power`.

Bodies, regions, true maps and models are drawn afresh for every case. A model is the sum of the
true map over the regions kept, plus products of pairs of regions. A method's map agrees with the
true map up to smooth noise; part of the true map is common to all cases, as an organ is.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from xattn.data.placement import Placement
from xattn.records import Attribution, Kind, Map, Provenance, Target
from xattn.trust.bank import Bank, bank_bodies, bank_rows, key
from xattn.trust.judging import JudgedFilm, draw_orders, nested
from xattn.trust.verdict import decide, weigh_all

SIDE = 56
CELLS = 7
OTHERS = 199
TARGET = Target(name="planted", unit="log-odds")
PROVENANCE = Provenance(
    system="planted",
    model_id="planted",
    model_version="0",
    preset="",
    training_data="",
    case_digest="",
    file_sha256="",
    method="",
    settings=(),
    device="cpu",
    threads=1,
    versions=(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How much there is to find: what the power is stated at.

    `fidelity` is the correlation of a method's map with the true one, `common` the share of the
    true map's variance that is the same in all cases, `smoothness` the standard deviation of the
    Gaussian that both are smoothed by, as a share of the side, `interaction` the spread of the
    products of regions over that of the sum.
    """

    fidelity: float = 0.9
    common: float = 1 / 3
    smoothness: float = 0.045
    interaction: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """A case: film, body and true map (S, S), and a method's map of it."""

    film: np.ndarray
    body: np.ndarray
    truth: np.ndarray
    told: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Cases that share an organ: a generator, an effect, and what is common to all."""

    effect: Effect
    generator: np.random.Generator
    organ: np.ndarray

    @staticmethod
    def of(effect: Effect, seed: int) -> "World":
        """A world of its own for each seed."""
        generator = np.random.default_rng(seed)
        return World(effect, generator, smooth(generator, effect.smoothness))

    def case(self) -> Planted:
        """A further case."""
        effect, generator = self.effect, self.generator
        across = ellipse(generator)
        body = np.hypot(*across) < 1
        own, noise = (smooth(generator, effect.smoothness) for _ in range(2))
        organ = map_coordinates(self.organ, (across / 2.4 + 0.5) * SIDE, order=1, mode="nearest")
        truth = body * (effect.common**0.5 * organ + (1 - effect.common) ** 0.5 * own)
        blur = body * noise * (1 - effect.fidelity**2) ** 0.5
        told = effect.fidelity * truth / truth[body].std() + blur / noise[body].std()
        grey = 0.1 + 0.5 * body + 0.1 * body * smooth(generator, 0.05)
        return Planted(grey, body, truth, told)

    def bank(self, kind: Kind, cases: int = OTHERS) -> Bank:
        """The method's maps of other cases."""
        others = [self.case() for _ in range(cases)]
        maps = [attribution(other.told, kind) for other in others]
        bodies = bank_bodies([other.film for other in others])
        return Bank(PROVENANCE.model_id, bodies, {key(maps[0]): bank_rows(maps)})

    def judged(self, case: Planted, kind: Kind) -> JudgedFilm:
        """The white box on 126 coalitions; for attention, regions raise or lower by chance."""
        generator = self.generator
        labels = patches(generator)
        effects = np.bincount(labels.ravel(), weights=case.truth.ravel())
        if kind == "attention":
            effects = np.abs(effects) * generator.choice([-1, 1], len(effects))
        orders = draw_orders(len(effects), 7, seed=int(generator.integers(2**31)))
        masks = np.concatenate([nested(order) for order in orders])
        one, other = generator.integers(len(effects), size=(2, 2 * len(effects)))
        pairs = generator.normal(size=len(one))
        sums, products = masks @ effects, (masks[:, one] & masks[:, other]) @ pairs
        products *= self.effect.interaction * sums.std() / products.std()
        return JudgedFilm(
            labels=labels,
            film=case.film,
            orders=orders,
            masks=masks,
            values=sums + products,
            value=float(effects.sum()),
            absent=0.0,
            passes=len(masks) + 1,
        )


def attribution(values: np.ndarray, kind: Kind = "contribution") -> Attribution:
    """A map as a method gives it; attention is made positive."""
    shown = np.abs(values) if kind == "attention" else values
    return Attribution(
        method="planted",
        kind=kind,
        unit="",
        target=TARGET,
        placement=Placement.whole(values.shape, len(values)),
        provenance=PROVENANCE,
        maps=(Map("planted", shown.astype(np.float32)),),
    )


def impostors(world: World, case: Planted, others: Bank) -> dict[str, np.ndarray]:
    """Maps (S, S) that know nothing of how the model reads this case."""
    generator, body = world.generator, case.body
    soft = gaussian_filter(body.astype(np.float64), float(generator.uniform(0.5, 6)))
    rows, columns = np.indices(body.shape) / len(body) - 0.5
    return {
        "another case's map": world.case().told,
        "silhouette": soft,
        "average map": np.mean(next(iter(others.maps.values())), axis=0),
        "body mask": body.astype(np.float64),
        "the film itself": case.film,
        "centre Gaussian": np.exp(-(rows**2 + columns**2) / 0.08),
        "smooth noise": body * smooth(generator, world.effect.smoothness),
        "white noise": generator.normal(size=body.shape),
    }


def rates(
    effect: Effect, kind: Kind, cases: int, *, most: int = 9, seed: int = 0
) -> dict[str, int]:
    """How often each of the first `most` maps is answered "yes" in worlds of twenty cases each.

    The planted map and the impostors are judged each alone, which is when they are believed most
    easily; under "of four" the planted one together with three of them.
    """
    count: dict[str, int] = {}
    for number in range(cases):
        if number % 20 == 0:
            world = World.of(effect, seed + number)
            others = world.bank(kind)
        case = world.case()
        judged = world.judged(case, kind)
        maps = {"planted": case.told, **impostors(world, case, others)}
        told = {name: attribution(maps[name], kind) for name in list(maps)[:most]}
        found = weigh_all(judged, told, others)
        answers = {name: decide({name: found[name]})[0].answer for name in found}
        answers["of four"] = decide(dict(list(found.items())[:4]))[0].answer
        for name, answer in answers.items():
            count[name] = count.get(name, 0) + (answer == "yes")
    return count


def main() -> None:
    """Print how often "yes" is said of each map."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cases", type=int, default=200)
    cases = parser.parse_args().cases
    kinds: tuple[Kind, ...] = ("contribution", "attention")
    for kind in kinds:
        for effect in (Effect(), Effect(fidelity=0.8, common=0.5)):
            found = rates(effect, kind, cases)
            shares = ", ".join(f"{name} {number / cases:.3f}" for name, number in found.items())
            print(f"{kind}, {effect}: {shares}", flush=True)


def smooth(generator: np.random.Generator, width: float) -> np.ndarray:
    """A smooth random map (S, S) of mean 0 and deviation 1."""
    waves = gaussian_filter(generator.normal(size=(SIDE, SIDE)), width * SIDE, mode="nearest")
    return np.asarray((waves - waves.mean()) / waves.std())


def ellipse(generator: np.random.Generator) -> np.ndarray:
    """Where each pixel (2, S, S) lies in a body of its own place and size, which ends at 1."""
    place, radii = 0.5 + 0.04 * generator.normal(size=2), generator.uniform(0.33, 0.45, size=2)
    return np.asarray(
        (np.indices((SIDE, SIDE)) / SIDE - place[:, None, None]) / radii[:, None, None]
    )


def patches(generator: np.random.Generator) -> np.ndarray:
    """Labels (S, S) of about 49 irregular regions: the nearest of jittered centres."""
    centres = (np.indices((CELLS, CELLS)).reshape(2, -1) + 0.5) / CELLS
    centres = centres + 0.25 / CELLS * generator.normal(size=centres.shape)
    places = np.indices((SIDE, SIDE))[..., None] / SIDE
    nearest = np.hypot(*(places - centres[:, None, None])).argmin(axis=-1)
    return np.unique(nearest, return_inverse=True)[1].reshape(SIDE, SIDE)


if __name__ == "__main__":
    main()
