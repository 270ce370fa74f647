"""The loop: learns, stops, goes on after a kill with the same weights, takes parts away."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from xattn.models.breast import BreastModel, build
from xattn.training.cases import Cases, absent, batches, blobs
from xattn.training.loop import TrainingConfig, predict_scores, train, vary_images
from xattn.training.losses import BinaryCrossEntropy

SIZE = 64
LOSS = BinaryCrossEntropy()
CONFIG = TrainingConfig(epochs=3, batch=16, rate=2e-3, seed=1)


def cases(count: int, seed: int) -> Cases:
    """Bright films are positive, and so is the second option of the second field."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.rand(count, generator=generator) < 0.4
    grey = 60 + 90 * labels.float() + 10 * torch.randn(count, generator=generator)
    images = grey.view(-1, 1, 1, 1).expand(-1, 1, SIZE, SIZE).clamp(0, 255).to(torch.uint8)
    values = torch.zeros(count, 36)
    values[torch.arange(count), 4 + labels.long()] = 1.0
    known = torch.zeros(count, 5, dtype=torch.bool)
    known[:, 1] = True
    unknown = torch.full((count, 3, 1), torch.nan)
    labelled = labels.float()[:, None]
    return Cases(images.contiguous(), values, known, labelled, unknown, unknown[..., 0])


@pytest.fixture(scope="module")
def data() -> tuple[Cases, Cases]:
    return cases(96, 0), cases(32, 1)


def fresh() -> BreastModel:
    torch.manual_seed(0)
    return build({"size": SIZE, "dim": 20})


def weights(model: BreastModel) -> list[bytes]:
    return [tensor.numpy().tobytes() for tensor in model.state_dict().values()]


def test_training_learns_and_is_repeatable(data: tuple[Cases, Cases], tmp_path: Path):
    first = train(fresh(), LOSS, data, CONFIG, tmp_path / "a")
    second = train(fresh(), LOSS, data, CONFIG, tmp_path / "b")
    assert weights(first) == weights(second)
    scores = predict_scores(first, data[1])[:, 0]
    positive = data[1].labels[:, 0] > 0.5
    assert bool(scores[positive].min() > scores[~positive].max())  # separable by grey


def test_a_killed_run_goes_on_to_the_same_weights(data: tuple[Cases, Cases], tmp_path: Path):
    whole = train(fresh(), LOSS, data, CONFIG, tmp_path / "whole")

    class KilledError(Exception):
        pass

    def dies(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        dies.calls += 1
        if dies.calls > 16:  # twice six batches and a validation an epoch: dies in the second
            raise KilledError
        return LOSS(scores, labels)

    dies.calls = 0
    with pytest.raises(KilledError):
        train(fresh(), dies, data, CONFIG, tmp_path / "cut")
    torch.manual_seed(99)
    resumed = train(build({"size": SIZE, "dim": 20}), LOSS, data, CONFIG, tmp_path / "cut")
    assert weights(resumed) == weights(whole)


def test_early_stopping_keeps_the_best_weights(data: tuple[Cases, Cases], tmp_path: Path):
    def worse(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss = LOSS(scores, labels)
        worse.validations += not scores.requires_grad
        return loss if scores.requires_grad else loss.detach() * 0 + worse.validations

    worse.validations = 0
    train(fresh(), worse, data, replace(CONFIG, epochs=20, patience=2), tmp_path)
    assert worse.validations == 3  # the first is best, two more are waited for


def test_a_frozen_encoder_does_not_move(data: tuple[Cases, Cases], tmp_path: Path):
    model = fresh()
    before = [p.detach().clone() for p in model.backbone.parameters()]
    head = model.head[0].weight.detach().clone()
    train(model, LOSS, data, replace(CONFIG, epochs=1, frozen=1), tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(before, model.backbone.parameters(), strict=True))
    assert not torch.equal(head, model.head[0].weight)


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.8, 1.0])
def test_blobs_cover_their_share_of_the_film(rate: float):
    rates = torch.full((8,), rate)
    covered = blobs(rates, 224, torch.Generator().manual_seed(0)).float().mean((1, 2, 3))
    # The cut is found on a grid of 56: a sixteenth of the pixels, so shares agree to about 1 %.
    torch.testing.assert_close(covered, rates, atol=0.01, rtol=0)


def test_absence_spans_everything_from_whole_to_nothing(data: tuple[Cases, Cases]):
    (batch,) = batches(cases(400, 2), 400, device=torch.device("cpu"))
    seen = absent(batch, 0.25, torch.Generator().manual_seed(0))
    filled = (seen.images == 0.25).float().mean((1, 2, 3))
    lost = batch.known & ~seen.known
    nothing = (filled == 1) & ~seen.known.any(1)
    # 1/12 lose everything; half of the others lose their one field at a mean rate of 1/2.
    assert 0.05 < float(nothing.float().mean()) < 0.13
    assert abs(float(lost.float().sum() / 400) - (1 / 12 + 11 / 12 * 0.25)) < 0.08  # three SE
    # 11/12 of a half stay whole: 0.458, within three standard errors of 0.025. Whole may miss a few
    # pixels that lie below the lowest of the coarse grid on which the cut is found.
    assert 0.38 < float((filled < 0.002).float().mean()) < 0.54


def test_variation_never_mirrors():
    generator = torch.Generator().manual_seed(0)
    ramp = torch.linspace(0, 1, SIZE).view(1, 1, 1, -1).expand(64, 1, SIZE, SIZE)
    images = vary_images(ramp.contiguous(), generator)
    # The middle rows: what is moved in from beyond the film is black on both sides.
    assert bool((images[..., 20:44, 40] > images[..., 20:44, 20]).all())
