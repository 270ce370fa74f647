"""What an encoder with MXA looked at more closely: the box it chose, and the gate laid over it."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from xattn.errors import ExplainError
from xattn.explain.base import Explainer, Game, Steps
from xattn.explain.regions import paint
from xattn.records import Attribution, Kind, Map
from xattn.systems import LoadedModel

CORNERS = ("box left", "box top", "box right", "box bottom")
"""Figures that say where the box is, in shares of what was read."""


@dataclass(frozen=True, kw_only=True)
class MXAGate(Explainer):
    """The spatial gate in 0 to 1 on its cells inside the box; nothing outside passes the block.

    arXiv 2504.02277, the Medical X-ray Attention block. It is the same for every finding. A gate is
    not importance, and its values do not sum to 1: the kind is relative, on the scale 0 to 1. Where
    the encoder has several blocks the first map is the last block's.
    """

    label: ClassVar[str] = "MXA region and spatial gate"
    is_quick: ClassVar[bool] = True
    kind: ClassVar[Kind] = "relative"

    def steps(self, game: Game) -> Steps[Attribution]:
        """The encoder pass that is there already."""
        gates = game.film.tokens.gates
        blocks = [name.removeprefix("spatial") for name in gates if name.startswith("spatial")]
        if not blocks:
            raise ExplainError("The encoder of this model has no MXA, so there is no gate to show.")
        yield 1.0
        side = game.film.image.shape[-1]
        last, labels, maps = blocks[-1], {}, []
        for block in reversed(blocks):
            box, gate = (gates[f"{part}{block}"][0].cpu().numpy() for part in ("box", "spatial"))
            labels[block] = cells(box, gate.shape, side)
            name = f"spatial gate {block.removeprefix('/')}".strip()
            maps.append(Map(name, paint(np.concatenate([[0.0], gate.ravel()]), labels[block])))
        box, channel = (gates[f"{part}{last}"][0].cpu().numpy() for part in ("box", "channel"))
        corners = tuple((name, float(share)) for name, share in zip(CORNERS, box, strict=True))
        return replace(
            self.blank(game),
            maps=tuple(maps),
            figures=(("scale", 1.0), *corners, ("mean channel gate", float(channel.mean()))),
            regions=labels[last],
            passes=1,
        )


def has_gates(model: LoadedModel) -> bool:
    """Whether a model's encoder was built with MXA."""
    return bool(getattr(model.module.config, "mxa", False))


def cells(box: np.ndarray, shape: tuple[int, ...], side: int) -> np.ndarray:
    """Labels (side, side): 0 outside the box, else 1 + the gate's cell in row order.

    A box narrower than a pixel takes the pixels that it touches, so that it can be seen.
    """
    rows = _places(box[1], box[3], shape[0], side)[:, None]
    columns = _places(box[0], box[2], shape[1], side)[None, :]
    return np.where((rows >= 0) & (columns >= 0), 1 + rows * shape[1] + columns, 0)


def _places(low: float, high: float, count: int, side: int) -> np.ndarray:
    """By pixel the cell of a span in shares that holds its centre; −1 outside the span."""
    pixels = np.arange(side)
    first = min(int(np.floor(low * side)), side - 1)
    is_inside = (pixels >= first) & (pixels < max(np.ceil(high * side), first + 1))
    share = ((pixels + 0.5) / side - low) / max(high - low, 1e-9)
    place = np.clip(np.floor(share * count), 0, count - 1).astype(int)
    return np.where(is_inside, place, -1)
