"""The loop: learns, stops, goes on after a kill with the same weights, takes parts away."""

import logging
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training import two_processes
from xattn.models.breast import BreastModel, build
from xattn.systems import SYSTEMS
from xattn.training import loop
from xattn.training.cases import Cases, absent, batches, blobs
from xattn.training.loop import (
    BothWays,
    Optimisation,
    TrainingConfig,
    predict_scores,
    train,
    vary_images,
)
from xattn.training.losses import BinaryCrossEntropy
from xattn.training.processes import compile_in_place

ROOT = Path(__file__).resolve().parents[2]
SIZE = 64
EPOCHS = 12
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


def test_a_process_that_is_killed_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """SIGKILL at whatever step it is in, once a first epoch is stored."""
    monkeypatch.setattr(loop, "autocast", loop.autocast)  # put back what `trained` replaces
    command = [
        sys.executable,
        "-m",
        "tests.training.two_processes",
        str(tmp_path / "cut"),
        str(EPOCHS),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    while not (tmp_path / "cut" / "state.pt").exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    state = torch.load(tmp_path / "cut" / "state.pt", weights_only=True)
    assert 0 < state["progress"]["epoch"] < EPOCHS
    resumed = two_processes.trained(tmp_path / "cut", epochs=EPOCHS)
    straight = two_processes.trained(tmp_path / "straight", epochs=EPOCHS)
    assert all(torch.equal(resumed[name], weights) for name, weights in straight.items())


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


def test_biases_norms_and_tokens_are_not_decayed():
    model = SYSTEMS["chest"].build({**SYSTEMS["chest"].presets["paper"], "size": SIZE})
    how = Optimisation.of(model, TrainingConfig(decay=0.3), 8)
    decayed, spared = how.optimiser.param_groups
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.3, 0.0)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    kept = {names[id(parameter)] for parameter in spared["params"]}
    assert sum(name.endswith("attention_biases") for name in kept) == 8  # blocks of 1, 3, 4
    assert "clinical_tokens.bias" in kept
    for parameter in decayed["params"]:
        assert names[id(parameter)].endswith(".weight")
        assert parameter.ndim >= 2
    assert len(decayed["params"]) + len(kept) == len(names)


def test_batches_are_taken_ahead_in_order():
    data = cases(11, 5)
    order = torch.randperm(11, generator=torch.Generator().manual_seed(0))
    found = list(batches(data, 4, device=torch.device("cpu"), order=order))
    assert [len(batch.targets) for batch in found] == [4, 4, 3]
    wanted = data.take(order)
    assert torch.equal(torch.cat([batch.images for batch in found]), wanted.images.float() / 255)
    assert torch.equal(torch.cat([batch.targets for batch in found]), wanted.targets)


def test_the_log_says_the_speed_of_each_epoch(
    data: tuple[Cases, Cases], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    part = data[0].take(torch.arange(16)), data[1]
    with caplog.at_level(logging.INFO):
        start = time.perf_counter()
        train(fresh(), LOSS, part, replace(CONFIG, epochs=1), tmp_path)
        took = time.perf_counter() - start
    (line,) = [record.getMessage() for record in caplog.records]
    found = re.fullmatch(r"epoch 1: validation loss \d\.\d{4}, (\d+\.\d) images/s", line)
    assert found is not None
    assert float(found[1]) > 16 / took - 0.05  # validation is not of it


def test_without_a_compiler_training_goes_on_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(_: object) -> object:
        def called(_: object) -> object:
            raise RuntimeError("no compiler, as the test wants")

        return called

    monkeypatch.setattr(torch, "compile", broken)
    pair = BothWays(fresh())
    compile_in_place(pair)
    assert pair._compiled_call_impl is None
    (record,) = caplog.records
    assert record.getMessage().endswith("training goes on without.")


def test_a_compiled_pair_keeps_its_names_and_is_called_compiled(monkeypatch: pytest.MonkeyPatch):
    calls = []

    def recorded(function, **_: object):
        def called(*given):
            calls.append(function)
            return function(*given)

        return called

    monkeypatch.setattr(torch, "compile", recorded)
    pair = BothWays(fresh().eval())
    names = list(pair.state_dict())
    given = torch.rand(2, 1, SIZE, SIZE), torch.zeros(2, 36), torch.zeros(2, 5, dtype=torch.bool)
    plain = pair(*given)
    compile_in_place(pair)
    assert len(calls) == 1  # the trial
    compiled = pair(*given)
    assert len(calls) == 2
    assert all(torch.equal(a, b) for a, b in zip(plain, compiled, strict=True))
    assert list(pair.state_dict()) == names
