"""The training loop: one for every system, on one device or several.

    python -m xattn train --system breast --preset compact        one process
    torchrun --nproc-per-node 4 -m xattn train …                  one process per device

Mixed precision on CUDA and on CPUs that have bfloat16, channels-last, warm-up and cosine, early
stopping on the validation loss. After each epoch the whole state is written, so a killed run goes
on where it stopped and ends with the same weights.

Memory, beside the cases that are held: 16 bytes a parameter (weight, gradient, two moments), 8 more
while a state is written or read, what one batch's activations take, and about ten floats a pixel of
it while it is made.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from xattn.models.network import Network
from xattn.models.precision import autocast
from xattn.models.tokens import Output
from xattn.training.cases import Batch, Cases, absent, batches
from xattn.training.processes import (
    agreed,
    compile_in_place,
    processes,
    rank,
    wait_for_all,
    world,
)

Parts = dict[str, Any]
"""What a run's state is made of: each has `state_dict` and `load_state_dict`."""
Loss = Callable[[Tensor, Tensor], Tensor]
"""From scores (B, K) and targets (B, K) to a mean; more columns of both for `DistillationLoss`."""
Data = tuple[Cases, Cases]
"""What is trained on, and what stops it."""
SHOWN_EVERY = 16
"""Steps between looks at the loss: each look waits for the device."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig:
    """How a model is trained; stored beside the run."""

    epochs: int = 4
    """Passes over the training cases at most."""
    batch: int = 64
    """Cases per step, over all processes together."""
    rate: float = 1e-3
    """Peak learning rate of AdamW."""
    decay: float = 0.05
    """Weight decay; biases, norms and token embeddings have none."""
    warmup: int = 1
    """Epochs of linear warm-up before the cosine."""
    frozen: int = 0
    """First epochs with the image encoder frozen; 10 in arXiv 2508.16000, for pretrained ones."""
    contrast: float = 0.15
    """Largest share by which a film's contrast is varied; less where contrast itself is read."""
    patience: int = 5
    """Epochs without a better validation loss before it stops."""
    seed: int = 0
    """Seed of weights, order and what is taken away."""
    compiled: bool = False
    """Whether the network is compiled first: minutes that pay off in long runs alone."""


@dataclass(slots=True)
class Progress:
    """Where a run stands; written after each epoch."""

    epoch: int = 0
    best: float = math.inf
    waited: int = 0


@dataclass(frozen=True, slots=True)
class Optimisation:
    """AdamW with linear warm-up and cosine."""

    optimiser: torch.optim.Optimizer
    schedule: LambdaLR

    @staticmethod
    def of(model: nn.Module, config: TrainingConfig, count: int) -> "Optimisation":
        """For a number of training cases."""
        steps = math.ceil(count / config.batch)
        optimiser = torch.optim.AdamW(_groups(model, config.decay), lr=config.rate)
        return Optimisation(optimiser, LambdaLR(optimiser, _curve(config, steps)))


def train(model: Network, loss: Loss, data: Data, config: TrainingConfig, folder: Path) -> Network:
    """Train on data[0], stop by data[1]; the model comes back with its best weights.

    `folder` keeps the state: calling again with the same arguments goes on from there.
    """
    with processes() as device:
        return _train(model.to(device), loss, data, config, folder)


def _train(model: Network, loss: Loss, data: Data, config: TrainingConfig, folder: Path) -> Network:
    device = next(model.parameters()).device
    model = model.to(memory_format=torch.channels_last)
    if world() > 1 and device.type == "cuda":
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    training, validation = data
    how = Optimisation.of(model, config, len(training))
    parts: Parts = {"model": model, "optimiser": how.optimiser, "schedule": how.schedule}
    progress = _resume(folder, parts, device)
    pair = BothWays(model)
    if config.compiled:
        compile_in_place(pair)
    while progress.epoch < config.epochs and progress.waited < config.patience:
        _set_frozen(model, frozen=progress.epoch < config.frozen)
        speed = train_epoch(
            pair, loss, how=how, cases=training, config=config, epoch=progress.epoch
        )
        value = agreed(validation_loss(model, loss, validation), device)
        better = value < progress.best
        waited = 0 if better else progress.waited + 1
        progress = Progress(progress.epoch + 1, min(value, progress.best), waited)
        if rank() == 0:
            logger.info(
                "epoch %d: validation loss %.4f, %.1f images/s", progress.epoch, value, speed
            )
        _store(folder, parts, progress, is_best=better)
        wait_for_all()
    model.load_state_dict(torch.load(folder / "best.pt", map_location=device, weights_only=True))
    return model.eval()


def train_epoch(
    model: "BothWays",
    loss: Loss,
    *,
    how: Optimisation,
    cases: Cases,
    config: TrainingConfig,
    epoch: int = 0,
) -> float:
    """One pass over the cases in the epoch's own order; gives images per second."""
    # Wrapped anew each epoch: it expects a gradient of what is not frozen when it is made.
    wrapped = DistributedDataParallel(model) if world() > 1 else model
    torch.manual_seed(config.seed * 100_003 + epoch)
    generator = torch.Generator().manual_seed(config.seed * 7_919 + epoch)
    order = torch.randperm(len(cases), generator=generator)
    device = next(model.parameters()).device
    model.train()
    start = time.perf_counter()
    bar = tqdm(total=len(order), desc=f"epoch {epoch + 1}", unit="case", disable=rank() > 0)
    for step, batch in enumerate(batches(cases, config.batch, device=device, order=order)):
        if len(batch.targets) < world():
            continue
        varied = replace(batch, images=vary_images(batch.images, generator, config.contrast))
        seen = _own_part(absent(varied, model.network.config.fill, generator))
        value = _step(wrapped, loss, how, seen=seen, count=len(batch.targets))
        bar.update(len(batch.targets))
        if step % SHOWN_EVERY == 0:
            bar.set_postfix(loss=f"{value.item():.3f}", refresh=False)
    bar.close()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return len(order) / (time.perf_counter() - start)


def _step(model: nn.Module, loss: Loss, how: Optimisation, *, seen: Batch, count: int) -> Tensor:
    """One step on this process's part of a batch of `count` cases; gives the loss."""
    with autocast(seen.images.device):
        scores = model(_channels_last(seen.images), seen.values, seen.known)
    both = zip(scores, seen.targets.unbind(dim=1), strict=True)
    value = torch.stack([loss(score.float(), target) for score, target in both]).mean()
    # Processes average their gradients, whatever the size of their parts.
    value = value * (world() * len(seen.targets) / count)
    how.optimiser.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    how.optimiser.step()
    how.schedule.step()
    return value.detach()


def _own_part(batch: Batch) -> Batch:
    """This process's rows: every process draws for the whole batch, so that one gets the same."""
    mine = slice(rank(), None, world())
    return Batch(batch.images[mine], batch.values[mine], batch.known[mine], batch.targets[mine])


class BothWays(nn.Module):
    """A network's scores with the form and without: the film is encoded once for both.

    The film must be able to speak alone; the form is quicker to learn and would otherwise carry it.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, values: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (B, K) of film and form, and of the film alone.

        Of a network with a second head (B, 2K): the first head's, then the second's.
        """
        tokens = self.network.encode_image(images)
        alone = torch.zeros_like(known)
        return (
            _all_scores(self.network.fuse(tokens, values, known)),
            _all_scores(self.network.fuse(tokens, values, alone)),
        )


def _all_scores(output: Output) -> Tensor:
    if output.distilled is None:
        return output.scores
    return torch.cat([output.scores, output.distilled], dim=1)


def vary_images(images: Tensor, generator: torch.Generator, contrast: float = 0.15) -> Tensor:
    """Films (B, 1, S, S) with contrast, grey and place changed a little; never mirrored."""
    count, _, side, _ = images.shape
    draw = torch.rand(count, 5, generator=generator).to(images.device) * 2 - 1
    theta = torch.zeros(count, 2, 3, device=images.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1 + 0.1 * draw[:, 0]
    theta[:, :, 2] = 0.08 * draw[:, 1:3]
    places = nn.functional.affine_grid(theta, [count, 1, side, side], align_corners=False)
    moved = nn.functional.grid_sample(images, places, align_corners=False)
    gain, lift = (1 + contrast * draw[:, 3]), contrast / 3 * draw[:, 4]
    return (moved * gain.view(-1, 1, 1, 1) + lift.view(-1, 1, 1, 1)).clamp(0, 1)


def validation_loss(model: Network, loss: Loss, cases: Cases) -> float:
    """The mean loss over cases as they are."""
    scores, targets = _told(model, cases)
    return float(loss(scores, targets[:, 0]))


def predict_scores(model: Network, cases: Cases, *, batch: int = 64) -> Tensor:
    """Raw scores (N, K) float32 on the CPU, in evaluation mode, full precision."""
    return _told(model, cases, batch=batch)[0]


def _told(model: Network, cases: Cases, *, batch: int = 64) -> tuple[Tensor, Tensor]:
    """Raw scores (N, K) and targets (N, 2, K), on the CPU."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for part in batches(cases, batch, device=device):
            output = model(_channels_last(part.images), part.values, part.known)
            scores.append(output.scores.float().cpu())
            targets.append(part.targets.cpu())
    model.train(was_training)
    return torch.cat(scores), torch.cat(targets)


def _channels_last(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)


def _groups(model: nn.Module, decay: float) -> list[dict[str, object]]:
    named = list(model.named_parameters())
    # EfficientViT's biases of attention are a table of heads by offsets.
    kept = ("_tokens.", "attention_biases")
    spared = {name for name, p in named if p.ndim < 2 or any(part in name for part in kept)}
    decayed = [p for name, p in named if name not in spared]
    plain = [p for name, p in named if name in spared]
    return [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]


def _curve(config: TrainingConfig, steps: int) -> Callable[[int], float]:
    warm, total = config.warmup * steps, config.epochs * steps

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))

    return factor


def _set_frozen(model: Network, *, frozen: bool) -> None:
    for parameter in model.backbone.parameters():
        parameter.requires_grad_(not frozen)


def _resume(folder: Path, parts: Parts, device: torch.device) -> Progress:
    path = folder / "state.pt"
    if not path.exists():
        return Progress()
    state = torch.load(path, map_location=device, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return Progress(**state["progress"])


def _store(folder: Path, parts: Parts, progress: Progress, *, is_best: bool) -> None:
    if rank() > 0:
        return
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: part.state_dict() for name, part in parts.items()}
    state["progress"] = {"epoch": progress.epoch, "best": progress.best, "waited": progress.waited}
    for name, content, wanted in (
        ("best.pt", state["model"], is_best),
        ("state.pt", state, True),
    ):
        if wanted:
            torch.save(content, folder / f"{name}.part")
            (folder / f"{name}.part").replace(folder / name)
