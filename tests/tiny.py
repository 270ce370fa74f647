"""Tiny models and cases for every test: an untrained breast model, and white boxes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn

from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.data.schemas import BREAST
from xattn.explain.base import Game
from xattn.explain.regions import grid
from xattn.models import breast
from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.models.network import Network
from xattn.models.tokens import ImageTokens, Output
from xattn.records import Case, Film
from xattn.systems import SYSTEMS, LoadedModel

SIZE = 96
"""Side of the model's input: three by three tokens, about 2 ms a pass."""
MASS = {
    "lesion_type": "mass",
    "density": 2,
    "mass_shape": "IRREGULAR",
    "mass_margins": "SPICULATED",
}
"""A form with three known fields of five."""
FORMS: dict[str, dict[str, object]] = {
    "hip": {"age_at_xray": 71, "height": 160, "weight": 58, "sex": "FEMALE"},
    "breast": MASS,
    "chest": {"age": 64, "sex": "MALE", "projection": "AP", "view": "FRONTAL"},
}
"""By system, a form that is known in part; BMI and the age at the scan follow."""


def loaded(module: nn.Module, system: str = "breast") -> LoadedModel:
    """A module as if it came from a checkpoint: frozen, in evaluation mode, temperature 1.25."""
    module.eval().requires_grad_(requires_grad=False)
    description = Description(
        system=system,
        preset="compact",
        version="0.0",
        config={},
        training_data="nothing: untrained",
        is_phantom_trained=True,
        label_means=(0.4,) * len(SYSTEMS[system].targets),
    )
    calibration = Calibration(temperature=1.25, cam_scale=0.5)
    checkpoint = Checkpoint(module, description, calibration, "card", "tiny")
    return LoadedModel(SYSTEMS[system], checkpoint, torch.device("cpu"))


def model_of(system: str) -> LoadedModel:
    """A system's compact model, untrained, that reacts to film and form."""
    return loaded(_lively(system, {"size": SIZE}), system)


def breast_module(fusion: str = "cross", size: int = SIZE) -> breast.BreastModel:
    """The compact breast model with the weights of seed 0, made to react to film and form."""
    module = _lively("breast", {"fusion": fusion, "size": size})
    assert isinstance(module, breast.BreastModel)
    module.head[-1].weight.data *= 20
    return module


def _lively(system: str, config: dict[str, object]) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = SYSTEMS[system].build(config)
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, 0.5, 1.5)
                nn.init.uniform_(part.bias, -0.5, 0.5)
        module.clinical_tokens.weight.data *= 10
    return module


def breast_model(fusion: str = "cross", size: int = SIZE) -> LoadedModel:
    """`breast_module`, loaded."""
    return loaded(breast_module(fusion, size))


def case_of(system: str) -> Case:
    """The film of `case` with the system's form."""
    return replace(case(), system=system, form=SYSTEMS[system].schema.check(FORMS[system]))


def case(form: dict[str, object] | None = None, size: int = SIZE) -> Case:
    """A film of size × size 12-bit values, a bright blob on a slope, with a form (MASS)."""
    rows, columns = np.mgrid[:size, :size] / size
    blob = np.exp(-((rows - 0.4) ** 2 + (columns - 0.6) ** 2) / 0.02)
    texture = np.random.default_rng(0).random((size, size))
    values = np.rint(4095 * (0.3 * rows + 0.5 * blob + 0.2 * texture)).astype(np.uint16)
    return case_of_pixels(values, form)


def case_of_pixels(values: np.ndarray, form: dict[str, object] | None = None) -> Case:
    """A square film of these values, read whole, with a form (MASS)."""
    radiograph, size = Radiograph(values), len(values)
    placement = Placement.whole(radiograph.shape, size)
    pixels = placement.to_model(radiograph.model_values(), fill=0.0)
    film = Film(radiograph, placement, pixels, jittered=np.zeros((0, size, size), np.float32))
    return Case("breast", (film,), BREAST.check(MASS if form is None else form))


class SumModel(nn.Module):
    """score = Σ_cells w_c · mean grey of the cell + Σ_fields u_f · [known] + b, on a 4 × 4 grid.

    Every contribution is known: cell c gives w_c (mean − fill), field f gives u_f.
    """

    CELLS = 4
    BIAS = 0.125

    def __init__(self, size: int = SIZE) -> None:
        super().__init__()
        self.config = SimpleNamespace(fill=0.25, size=size)
        self.backbone = nn.AvgPool2d(size // self.CELLS)
        generator = np.random.default_rng(7)
        cells, fields = generator.normal(size=(self.CELLS**2,)), generator.normal(size=(5,))
        self.cells = nn.Parameter(torch.tensor(cells, dtype=torch.float32))
        self.fields = nn.Parameter(torch.tensor(fields, dtype=torch.float32))

    def encode_image(self, image: Tensor) -> ImageTokens:
        """The cells' means, as features and as tokens."""
        features = self.backbone(image)
        return ImageTokens(features.flatten(1).unsqueeze(-1), features.shape[2:], features)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """The sum; what a field holds does not matter, only that it is known."""
        score = self.image_part(image.tokens.squeeze(-1)) + self.form_part(values, known)
        return Output(score[:, None] + self.BIAS, image.features, {})

    def forward(self, image: Tensor, values: Tensor, known: Tensor) -> Output:
        """Both steps."""
        return self.fuse(self.encode_image(image), values, known)

    def image_part(self, cells: Tensor) -> Tensor:
        """What the film gives (B,)."""
        return cells @ self.cells

    def form_part(self, values: Tensor, known: Tensor) -> Tensor:
        """What the form gives (B,)."""
        return known.float() @ self.fields


class SquareModel(SumModel):
    """Squared cells, and film and form multiplied: interactions, and a curved path."""

    def image_part(self, cells: Tensor) -> Tensor:
        """Squares instead of means."""
        return cells.square() @ self.cells

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """Part plus part plus their product."""
        film = self.image_part(image.tokens.squeeze(-1))
        form = self.form_part(values, known)
        return Output((film + form + film * form)[:, None], image.features, {})


def white_box(module: SumModel, cells: int | None = None) -> Game:
    """A game of a white box, over a grid of cells × cells regions unless the film's own are."""
    model = loaded(module)
    game = Game(model, case(), model.target)
    return with_cells(game, cells) if cells else game


def with_cells(game: Game, cells: int) -> Game:
    """The game over a grid of cells × cells regions."""
    game.film.__dict__["regions"] = grid(SIZE, cells)
    return game


class FailingModel(breast.BreastModel):
    """A breast model whose image encoder fails from its n-th call on."""

    calls_left: int = 0

    def encode_image(self, image: Tensor) -> ImageTokens:
        """The tokens, while calls are left."""
        if self.calls_left == 0:
            raise RuntimeError("the encoder fails, as the test wants")
        self.calls_left -= 1
        return super().encode_image(image)


@dataclass(frozen=True)
class Fingerprint:
    """All that an explainer must leave as it was."""

    weights: tuple[bytes, ...]
    gradients: tuple[bool, ...]
    trainable: tuple[bool, ...]
    training: tuple[bool, ...]
    hooks: int


HOOKS: tuple[str, ...] = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)


def fingerprint(module: nn.Module) -> Fingerprint:
    """What there is to change in a module."""
    each: Callable[[str], list[int]] = lambda name: [  # noqa: E731
        len(getattr(part, name)) for part in module.modules()
    ]
    return Fingerprint(
        weights=tuple(tensor.numpy().tobytes() for tensor in module.state_dict().values()),
        gradients=tuple(parameter.grad is not None for parameter in module.parameters()),
        trainable=tuple(parameter.requires_grad for parameter in module.parameters()),
        training=tuple(part.training for part in module.modules()),
        hooks=sum(sum(each(name)) for name in HOOKS),
    )
