"""The design choices that are compared, how much each run sees, and what papers claim of them."""

from dataclasses import dataclass, replace

from xattn.data.densitometry import BMD_MEAN, BMD_SD
from xattn.training.distill import DistillationLoss
from xattn.training.loop import Loss
from xattn.training.losses import Reading, SmoothL1, WeightedSmoothL1


@dataclass(frozen=True, slots=True)
class Choice:
    """One row: what differs from the system's default, and whether the encoder does."""

    system: str
    name: str
    changes: tuple[tuple[str, object], ...] = ()
    loss: Loss | None = None
    withheld: tuple[str, ...] = ()
    """Fields of the form that the model never sees."""
    encoder: str = "default"
    is_stressed: bool = False
    is_settled: bool = False
    """Whether an epoch of the recipe's other loss follows, as in what is shipped."""
    times: int = 1
    """How many times the epochs of the others it is trained for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How much each run sees."""

    training: int = 2_000
    validation: int = 300
    calibration: int = 300
    test: int = 1_000
    preparing: int = 4
    epochs: int = 3
    seeds: int = 3


QUICK = Amounts(
    training=640, validation=128, calibration=128, test=256, preparing=1, epochs=1, seeds=1
)


def _fusions(system: str, *names: str) -> tuple[Choice, ...]:
    return tuple(Choice(system, f"fusion: {name}", (("fusion", name),)) for name in names)


def _longer(*choices: Choice) -> tuple[Choice, ...]:
    """The same choices trained three times as long: does a ranking of short runs hold?"""
    return tuple(replace(each, name=f"{each.name}, 3 × the epochs", times=3) for each in choices)


def _weighted(reading: Reading) -> WeightedSmoothL1:
    return WeightedSmoothL1(centre=BMD_MEAN, spread=BMD_SD, reading=reading)


CHOICES = (
    Choice("hip", "default: bidirectional, weighted loss"),
    *_fusions("hip", "cross", "concat", "image", "form"),
    Choice("hip", "loss: plain Smooth L1", loss=SmoothL1(centre=BMD_MEAN, spread=BMD_SD)),
    Choice("hip", "loss: weighted, one plain epoch after it", is_settled=True),
    Choice("hip", "loss: near the threshold weighs more", loss=_weighted("near")),
    Choice("hip", "loss: rare labels weigh more", loss=_weighted("density")),
    Choice("hip", "age at the scan withheld", withheld=("age_at_scan",)),
    Choice("breast", "default: cross-attention, d = 100", is_stressed=True),
    *_fusions("breast", "co", "bidirectional", "literal", "concat", "image", "form"),
    Choice("breast", "d = 50", (("dim", 52),)),
    Choice("breast", "d = 200", (("dim", 200),)),
    Choice("chest", "default: MXA, soft ROI, form"),
    Choice("chest", "MXA off", (("mxa", False),), encoder="plain"),
    Choice("chest", "ROI hard, as released", (("roi", "hard"),), encoder="hard"),
    Choice("chest", "KD on", (("distil", True),), loss=DistillationLoss()),
    Choice("chest", "form off", (("fusion", "image"),)),
    *_fusions("chest", "concat", "form"),
)
"""One factor at a time; the first row of a system is its default."""

LONGER = _longer(
    *(each for each in CHOICES if each.name in ("default: bidirectional, weighted loss",
      "fusion: cross", "loss: plain Smooth L1") or (each.system, each.name) == ("hip",
      "fusion: concat")),
    *(each for each in CHOICES if each.name in ("default: MXA, soft ROI, form", "MXA off",
      "KD on")),
)  # fmt: skip
"""Rows that are tried again for longer, where a claimed gain did not appear."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a paper says is better than what, by the names of our rows."""

    system: str
    better: str
    than: str
    said: str


CLAIMS = (
    Claim("hip", CHOICES[0].name, "fusion: concat", "bidirectional attention over concatenation"),
    Claim("hip", "fusion: cross", "fusion: concat", "one-way attention over concatenation"),
    Claim("hip", CHOICES[0].name, "fusion: image", "film and form over the film"),
    Claim("hip", CHOICES[0].name, "fusion: form", "film and form over the form"),
    Claim("hip", CHOICES[0].name, "loss: plain Smooth L1", "weighted over plain loss"),
    Claim("hip", "loss: weighted, one plain epoch after it", "loss: plain Smooth L1",
          "weighted loss with one plain epoch more over plain loss"),
    Claim("breast", "default: cross-attention, d = 100", "fusion: concat",
          "cross-attention over concatenation"),
    Claim("breast", "fusion: co", "fusion: concat", "co-attention over concatenation"),
    Claim("breast", "fusion: co", "default: cross-attention, d = 100", "co- over cross-attention"),
    Claim("breast", "default: cross-attention, d = 100", "fusion: form",
          "film and form over the form"),
    Claim("chest", "default: MXA, soft ROI, form", "MXA off", "MXA over none"),
    Claim("chest", "default: MXA, soft ROI, form", "ROI hard, as released", "soft over hard ROI"),
    Claim("chest", "KD on", "default: MXA, soft ROI, form", "distillation over labels alone"),
    Claim("chest", "default: MXA, soft ROI, form", "form off", "film and form over the film"),
)  # fmt: skip
