"""Cover a part of the film and predict again: one pass, with the grey that training used."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from scipy.special import expit

from xattn.data.placement import Box
from xattn.errors import ExplainError
from xattn.explain.base import Game, Steps, provenance
from xattn.records import Provenance, Target
from xattn.trust.wording import is_probability, percent, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What the model says with a part of the film filled.

    `share` of what it read is covered; `before` is the prediction, `value` what it becomes.
    """

    target: Target
    before: float
    value: float
    probability: float | None
    share: float
    provenance: Provenance
    sentence: str

    @property
    def change(self) -> float:
        """What covering the part adds, in the target's unit."""
        return self.value - self.before

    @property
    def plain(self) -> dict[str, object]:
        """Every number and its provenance, ready for JSON."""
        return {**asdict(self), "change": self.change}


def cover(game: Game, area: np.ndarray) -> Steps[Covered]:
    """The prediction of a game with `area` (S, S) bool of the model's input filled.

    Covering nothing gives the prediction, covering everything that of the absent film, both by the
    same path and to the last bit.

    Raises:
        ExplainError: if the area has not the shape of the model's input.
    """
    image = game.film.image
    if area.shape != tuple(image.shape[2:]):
        raise ExplainError(
            f"An area of {image.shape[2]} x {image.shape[3]} pixels was expected, however: "
            f"{' x '.join(map(str, area.shape))}."
        )
    covered = torch.from_numpy(area.astype(bool)).to(image.device)
    with torch.no_grad():
        tokens = game.model.module.encode_image(torch.where(covered, game.film.fill, image))
    yield 0.5
    value = float(game.of_forms(tokens, game.form[1].cpu().numpy())[0])
    share = float(area.astype(bool).mean())
    digest = hashlib.sha256(np.packbits(area.astype(bool)).tobytes()).hexdigest()
    settings = (("area", digest), ("fill", str(game.film.fill)))
    return Covered(
        target=game.target,
        before=game.value,
        value=value,
        probability=float(expit(value)) if is_probability(game.target) else None,
        share=share,
        provenance=provenance(game.model, game.case, method="cover", settings=settings),
        sentence=f"With {percent(share)} of what was read covered: {said(game.target, value)} "
        f"instead of {said(game.target, game.value)}.",
    )


def area_of_box(box: Box, side: int) -> np.ndarray:
    """The area (side, side) bool of a box in the model's own pixels.

    Raises:
        IntakeError: if any part of it lies outside.
    """
    box = box.within((side, side))
    area = np.zeros((side, side), dtype=bool)
    area[box.y : box.y + box.height, box.x : box.x + box.width] = True
    return area


def area_of_regions(labels: np.ndarray, chosen: Sequence[int]) -> np.ndarray:
    """The area (S, S) bool of some of the image players."""
    return np.isin(labels, list(chosen))
