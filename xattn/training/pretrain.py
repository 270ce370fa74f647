"""The image encoder's first lessons: what each cause on a phantom's film adds, at half the size.

A label is one noisy bit for a whole film. A phantom knows more: how much its margins, its
calcifications, its size speak for malignancy. Trained on those first, the encoder learns to see
morphology from thousands of films instead of hundreds of thousands. The head that reads the causes
is thrown away; what is shipped never sees a cause.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, smooth_l1_loss
from tqdm import tqdm

from xattn.models.network import Network
from xattn.models.precision import autocast
from xattn.training.cases import Cases
from xattn.training.loop import vary_images


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainingConfig:
    """How the encoder is prepared."""

    epochs: int = 10
    """Passes over the films; 0 leaves the encoder as it is."""
    batch: int = 64
    """Films per step."""
    rate: float = 2e-3
    """Peak learning rate of AdamW, in one cycle."""
    contrast: float = 0.15
    """As in training."""
    decay: float = 0.05
    """Weight decay."""
    halved: bool = True
    """Whether films are seen at half their size."""
    seed: int = 0
    """Seed of order and variation."""


def halved(films: Tensor) -> Tensor:
    """Films (N, 1, S, S) uint8 at half their size, each pixel the rounded mean of four."""
    parts = [
        avg_pool2d(part.float(), 2).round().to(torch.uint8) for part in torch.split(films, 512)
    ]
    return torch.cat(parts)


def pretrain(model: Network, cases: Cases, config: PretrainingConfig) -> None:
    """Teach the model's encoder, in place, to tell the causes of films whose causes are known."""
    if config.epochs == 0 or cases.causes.isnan().any():
        return
    device = next(model.parameters()).device
    head = nn.Linear(model.backbone.channels, cases.causes.shape[1]).to(device)
    spread = cases.causes.std(dim=0).clamp_min(1e-6)
    targets = ((cases.causes - cases.causes.mean(dim=0)) / spread).to(device)
    generator = torch.Generator().manual_seed(config.seed)
    films = halved(cases.images) if config.halved else cases.images
    reader = nn.Sequential(model.backbone, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).train()
    reader = reader.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(reader.parameters(), lr=config.rate, weight_decay=config.decay)
    steps = config.epochs * math.ceil(len(cases) / config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, total_steps=steps)
    for epoch in range(config.epochs):
        order = torch.randperm(len(cases), generator=generator)
        bar = tqdm(torch.split(order, config.batch), desc=f"pretraining {epoch + 1}")
        for index in bar:
            varied = vary_images(films[index].to(device).float() / 255, generator, config.contrast)
            with autocast(device):
                told = reader(varied.contiguous(memory_format=torch.channels_last))
            loss = smooth_l1_loss(told.float(), targets[index])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.3f}")
