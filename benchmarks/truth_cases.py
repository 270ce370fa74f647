"""Phantoms as cases with the truth behind them: where a cause lies and what it is worth.

"Flipped" leaves the form and all else as they are. A breast's lesion has its signs exchanged for
those of the opposite evidence and its satellite withdrawn, a hip's contrast is mirrored about the
population's mean, a chest's finding is not drawn.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.special import logit

from xattn.data.findings import FINDINGS
from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.phantoms import breast, breast_causes, chest, chest_bayes, chest_causes, hip
from xattn.phantoms.breast_bayes import both_log_odds
from xattn.phantoms.hip_bayes import expect, strata
from xattn.phantoms.hip_causes import VARIABLES
from xattn.records import Case, Film
from xattn.systems import SYSTEMS

SIZE = 224
JITTER = 0.12
"""Boxes are moved and scaled by up to this share, as in training."""
LEAST_MASK = 12
"""Pixels below which a mask is no place to point at."""
CONTRAST = "contrast"
USUAL = 0.01
"""A hip whose contrast adds less, in g/cm2, shows nothing that its form does not say."""


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """A case, the place of the target, where its cause lies (S, S), and what the cause adds.

    `effect` is the Bayes value, given film and form, less that with the cause flipped, in the
    target's unit. `is_shown`: whether the film shows any cause of its own, wherever it lies.
    """

    case: Case
    output: int
    mask: np.ndarray
    effect: float
    is_shown: bool


class Draw(Protocol):
    """How a scene's phantoms are drawn."""

    def __call__(self, seed: int, *, shifted: bool = False, size: int = SIZE) -> Located:
        """The phantom of a seed, `size` pixels high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One system's films as they are shown to the model, and which of them are asked about."""

    name: str
    system: str
    cause: str
    draw: Draw
    least: float
    """What flipping the cause must move for its place to be asked for."""
    shows_nothing: str
    """Which films count as those whose form speaks alone."""

    def cases(self, first: int, count: int, *, shifted: bool, fired: bool) -> Iterator[Located]:
        """`count` cases whose cause fired, or did not, by seeds from `first` on."""
        seed, found = first, 0
        while found < count:
            case = self.draw(seed, shifted=shifted, size=SIZE)
            seed += 1
            is_fired = abs(case.effect) >= self.least and case.mask.sum() >= LEAST_MASK
            if is_fired if fired else not case.is_shown:
                found += 1
                yield case


def case_of(system: str, shown: np.ndarray, form: dict[str, object], size: int = SIZE) -> Case:
    """A case from a film (H, W) in 0 to 1, at eight bits as in training, read whole."""
    shape = (shown.shape[0], shown.shape[1])
    place = Placement.whole(shape, size)
    pixels = np.round(place.to_model(shown.astype(np.float32), fill=0.0) * 255) / 255
    radiograph = Radiograph(np.round(shown * 65535).astype(np.uint16))
    nowhere = np.zeros((0, size, size), np.float32)
    film = Film(radiograph, place, pixels.astype(np.float32), nowhere)
    return Case(system, (film,), SYSTEMS[system].schema.check(form))


def on_square(mask: np.ndarray, size: int) -> np.ndarray:
    """A mask (H, W) on the model's square (S, S)."""
    place = Placement.whole((mask.shape[0], mask.shape[1]), size)
    return np.asarray(place.to_model(mask.astype(np.float32), fill=0.0) > 0.5)


def draw_hip(seed: int, *, shifted: bool = False, size: int = SIZE) -> Located:
    """A hip: the neck, and what its contrast adds to the BMD expected, in g/cm2."""
    settings = hip.Settings(shifted=shifted)
    world = hip.sample_world(seed, settings)
    phantom = hip.draw(world, size=size)
    cells = strata(confounded=settings.confounded)
    usual = float(cells.share @ cells.mean[:, VARIABLES.index(CONTRAST)])
    known = {**world.causes.views, **world.causes.form}
    mirrored = {**known, CONTRAST: 2 * usual - world.causes.views[CONTRAST]}
    effect = expect(known, settings).mean - expect(mirrored, settings).mean
    case = case_of("hip", hip.display(phantom), dict(phantom.form), size)
    return Located(case, 0, on_square(phantom.neck_mask, size), effect, abs(effect) > USUAL)


def draw_breast(
    seed: int, *, shifted: bool = False, size: int = SIZE, boxed: bool = False
) -> Located:
    """A breast: the lesion and its satellite, and what they add to the log-odds."""
    world = breast.sample_world(seed, breast.Settings(shifted=shifted))
    field = breast.crop_field(world, jitter=JITTER) if boxed else None
    phantom = breast.draw(world, size=size, field=field)
    causes = world.causes
    effect = both_log_odds(causes) - both_log_odds(flipped(causes))
    form: dict[str, object] = {"lesion_type": phantom.lesion_type, **phantom.form}
    case = case_of("breast", breast.display(phantom), form, size)
    is_seen = causes.shows_mass or causes.has_calcifications
    others = causes.has_satellite or causes.has_strands or causes.skin != "normal"
    mask = on_square(phantom.lesion_mask, size)
    return Located(case, 0, mask, effect if is_seen else 0.0, is_seen or others)


def draw_boxed(seed: int, *, shifted: bool = False, size: int = SIZE) -> Located:
    """A breast as a reader boxes it."""
    return draw_breast(seed, shifted=shifted, size=size, boxed=True)


def flipped(causes: breast_causes.Causes) -> breast_causes.Causes:
    """The same world with the opposite signs and no satellite."""
    signs = {name: opposite(name, option) for name, option in causes.signs.items()}
    return replace(causes, signs=signs, has_satellite=False)


def opposite(sign: str, option: str) -> str:
    """The option of a sign whose evidence is nearest to that of this one turned round."""
    benign, malignant = breast_causes.sign_table(sign)
    evidence = np.log(malignant / benign)
    options = list(breast_causes.SIGNS[sign])
    return options[int(np.abs(evidence + evidence[options.index(option)]).argmin())]


def draw_chest(seed: int, *, shifted: bool = False, size: int = SIZE) -> Located:
    """A chest and one of its drawn findings, each as likely; where there is none, no mask."""
    settings = chest.Settings(confounded=True, shifted=shifted)
    world = chest.sample_world(seed, settings)
    phantom = chest.draw(world, size=size)
    case = case_of("chest", chest.display(phantom), dict(phantom.form), size)
    drawn = sorted(phantom.masks.keys() - {"lung_opacity"})
    if not drawn:
        default = SYSTEMS["chest"].default_target
        return Located(case, default, np.zeros((size, size), bool), 0.0, is_shown=False)
    finding = drawn[int(np.random.default_rng([seed, 22]).integers(len(drawn)))]
    output = FINDINGS.index(finding)
    clear = list(world.causes.conspicuity)
    clear[chest_causes.SIGNS.index(finding)] = 0.0
    without = replace(world.causes, conspicuity=tuple(clear))
    both = [logit(chest_bayes.expected(causes)[2, output]) for causes in (world.causes, without)]
    mask = on_square(phantom.masks[finding], size)
    return Located(case, output, mask, float(both[0] - both[1]), is_shown=True)


SCENES = (
    Scene(
        name="hip",
        system="hip",
        cause="the femoral neck",
        draw=draw_hip,
        least=0.05,
        shows_nothing="the contrast adds next to nothing",
    ),
    Scene(
        name="breast, whole film",
        system="breast",
        cause="the lesion",
        draw=draw_breast,
        least=1.0,
        shows_nothing="the lesion is occult, and no other sign is drawn",
    ),
    Scene(
        name="breast, boxed",
        system="breast",
        cause="the lesion",
        draw=draw_boxed,
        least=1.0,
        shows_nothing="the lesion is occult, and no other sign is drawn",
    ),
    Scene(
        name="chest",
        system="chest",
        cause="one finding drawn on the film",
        draw=draw_chest,
        least=1.0,
        shows_nothing="no finding is drawn",
    ),
)
