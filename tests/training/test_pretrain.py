"""Pretraining: the encoder learns what is on the film, and only where somebody knows it."""

import torch

from xattn.models.breast import build
from xattn.training.cases import Cases
from xattn.training.pretrain import PretrainingConfig, halved, pretrain

SIZE = 64


def cases(count: int) -> Cases:
    """Films with a bright square left or right; which side is the one cause."""
    generator = torch.Generator().manual_seed(0)
    side = torch.rand(count, generator=generator) < 0.5
    images = torch.randint(40, 80, (count, 1, SIZE, SIZE), generator=generator).to(torch.uint8)
    images[side, :, 20:44, 8:24] = 220
    images[~side, :, 20:44, 40:56] = 220
    causes = (side.float() * 2 - 1)[:, None]
    unknown = torch.full((count, 3, 1), torch.nan)
    known = torch.zeros(count, 5, dtype=torch.bool)
    return Cases(images, torch.zeros(count, 36), known, side.float()[:, None], unknown, causes)


def fresh() -> torch.nn.Module:
    torch.manual_seed(0)
    return build({"size": SIZE, "dim": 20})


def test_halving_takes_the_rounded_mean_of_four():
    film = torch.tensor([[0, 1, 10, 10], [1, 1, 10, 11]], dtype=torch.uint8).expand(1, 1, 2, 4)
    assert halved(film).tolist() == [[[[1, 10]]]]  # 0.75 rounds to 1, 10.25 to 10


def test_features_tell_the_cause_afterwards():
    model, data = fresh(), cases(192)
    torch.manual_seed(0)
    pretrain(model, data, PretrainingConfig(epochs=4, batch=16))
    with torch.no_grad():
        features = model.eval().backbone(halved(data.images).float() / 255).mean((2, 3))
    design = torch.cat([features, torch.ones(len(features), 1)], dim=1).double()
    truth = data.causes.double()
    fitted = design @ torch.linalg.lstsq(design, truth, driver="gelsd").solution
    assert bool((fitted.sign() == truth).float().mean() > 0.98)


def test_nothing_moves_without_causes_or_epochs():
    data = cases(32)
    unknown = Cases(
        data.images, data.values, data.known, data.labels, data.expected, data.causes * torch.nan
    )
    for some, config in ((unknown, PretrainingConfig()), (data, PretrainingConfig(epochs=0))):
        model = fresh()
        before = [tensor.clone() for tensor in model.state_dict().values()]
        pretrain(model, some, config)
        assert all(
            torch.equal(a, b) for a, b in zip(before, model.state_dict().values(), strict=True)
        )
