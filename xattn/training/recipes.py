"""How each system is trained on phantoms: its rows, its loss, its judge, what its card warns of."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from xattn.data.densitometry import BMD_MEAN, BMD_SD
from xattn.phantoms import breast, chest, hip
from xattn.phantoms.breast_cases import BreastRow
from xattn.phantoms.chest_cases import ChestRow
from xattn.phantoms.hip_cases import HipRow
from xattn.phantoms.row import PhantomRow
from xattn.training.judges import DENSITY, FOURTEEN_FINDINGS, TWO_CLASSES, Judge
from xattn.training.loop import Loss, TrainingConfig
from xattn.training.losses import BinaryCrossEntropy, SmoothL1, WeightedSmoothL1
from xattn.training.pretrain import PretrainingConfig
from xattn.training.subgroups import ByBand, ByDescriptors, ByOption

COMMON_FAILURES = (
    "Real films look different from phantoms: no figure on this card holds for them.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Which phantoms: with the sites' shortcut or without, physics seen in training or not."""

    confounded: bool = True
    shifted: bool = False
    size: int = 224
    """Side of the pictures in pixels."""

    @property
    def name(self) -> str:
        """For files."""
        split = "confounded" if self.confounded else "deconfounded"
        return f"{split}{'-shifted' * self.shifted}-{self.size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One system's training."""

    row: Callable[[World], Callable[[int], PhantomRow]]
    loss: Loss
    settling: Loss | None = None
    """The loss of one further epoch at half the rate, where `loss` weighs some labels more:
    without it v(nothing known) is not the mean of the labels."""
    judge: Judge
    phantom_failures: tuple[str, ...]
    """What fails in a model that was trained on phantoms."""
    cautions: tuple[str, ...] = ()
    """What holds whatever a model was trained on."""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    pretraining: PretrainingConfig = field(default_factory=PretrainingConfig)

    @property
    def failures(self) -> tuple[str, ...]:
        """All that a phantom-trained model's card warns of."""
        return (*self.phantom_failures, *self.cautions)


def _breast_row(world: World) -> BreastRow:
    settings = breast.Settings(confounded=world.confounded, shifted=world.shifted)
    return BreastRow(settings, world.size)


def _hip_row(world: World) -> HipRow:
    settings = hip.Settings(confounded=world.confounded, shifted=world.shifted)
    return HipRow(settings, world.size)


def _chest_row(world: World) -> ChestRow:
    settings = chest.Settings(confounded=world.confounded, shifted=world.shifted)
    return ChestRow(settings, world.size)


FAINT = 0.03
"""Least change of contrast: how bone stands out from soft tissue is what a density is read from."""

RECIPES = {
    "hip": Recipe(
        row=_hip_row,
        loss=WeightedSmoothL1(centre=BMD_MEAN, spread=BMD_SD),
        settling=SmoothL1(centre=BMD_MEAN, spread=BMD_SD),
        judge=replace(
            DENSITY,
            groupings=(
                ByOption("sex"),
                ByBand("age_at_xray", (60, 70, 80)),
                ByBand("bmi", (18.5, 25, 30)),
            ),
        ),
        phantom_failures=(
            "A film of another exposure, another projection or a rotated leg may read too low.",
            "No disease but low density was ever seen.",
        ),
        cautions=("The T-score-equivalent rests on reference values that are marked unverified.",),
        training=TrainingConfig(contrast=FAINT),
        pretraining=PretrainingConfig(contrast=FAINT),
    ),
    "breast": Recipe(
        row=_breast_row,
        loss=BinaryCrossEntropy(),
        judge=replace(
            TWO_CLASSES,
            groupings=(
                ByOption("density"),
                ByDescriptors(
                    "Lesion",
                    (
                        ("mass", ("mass_shape", "mass_margins")),
                        ("calcification", ("calc_type", "calc_distribution")),
                    ),
                ),
            ),
        ),
        phantom_failures=(
            "Lesions hidden in dense tissue are missed on the film; the form alone then decides.",
        ),
        cautions=(
            "Descriptors are of a reader who saw more than the film: in part they tell the label.",
            "Density 1 to 4 is DDSM's older scale.",
        ),
    ),
    "chest": Recipe(
        row=_chest_row,
        loss=BinaryCrossEntropy(),
        judge=replace(
            FOURTEEN_FINDINGS,
            groupings=(
                ByOption("projection"),
                ByOption("sex"),
                ByBand("age", (40, 60, 75)),
            ),
        ),
        phantom_failures=(
            "Only frontal films were seen; a lateral film is read as if it were frontal.",
            "Findings that are too faint to be drawn are told from the form alone.",
        ),
        cautions=(
            "The projection is a shortcut: the sick are filmed AP. See the figures within each.",
            "“No finding” is no reassurance.",
        ),
        training=TrainingConfig(epochs=9),
    ),
}
