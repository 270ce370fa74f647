"""The whole network learns on: a shipped encoder, or a fresh one, trained further on real films."""

import copy
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.real_folds import Round
from benchmarks.real_sets import RealSet
from xattn.models.attention import OneWay
from xattn.models.network import Network
from xattn.models.tokens import FieldTokeniser, ImageTokens, Output
from xattn.training.cases import Cases
from xattn.training.loop import Loss, TrainingConfig, predict_scores, train
from xattn.training.losses import BinaryCrossEntropy

HEADS = 4
LEARNING = TrainingConfig(epochs=12, batch=16, rate=3e-4, frozen=2, patience=12)
"""Low and short, for encoders that know something; the loop's own variation and absences."""


class TunedNetwork(Network):
    """A network's image tokens, its encoder trainable, which another form meets by attention."""

    def __init__(self, encoder: Network, sizes: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.config = encoder.config
        self.encoder = copy.deepcopy(encoder).requires_grad_(requires_grad=True)
        self.backbone = self.encoder.backbone
        dim = self.encoder.image_tokens.position.shape[1]
        self.form = FieldTokeniser(sizes, dim)
        self.fusion = OneWay(dim, HEADS)
        self.out = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * dim, outputs))

    def encode_image(self, image: Tensor) -> ImageTokens:
        """Tokens (B, 49, d)."""
        return self.encoder.encode_image(image)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """Scores (B, K)."""
        pair, attention = self.fusion(image.tokens, self.form(values, known))
        return Output(self.out(pair).float(), image.features, attention)


@dataclass(frozen=True, slots=True, eq=False)
class TunedHead:
    """From a round to scores: one network, stopped on the next fold."""

    encoder: Network
    real: RealSet
    is_regression: bool

    def __call__(self, turn: Round) -> np.ndarray:
        """Scores (M, K) of the scored rows; log-odds, or numbers in the labels' unit."""
        stop = turn.stops[0]
        learnt = np.setdiff1d(turn.training, stop)
        labels = self.real.labels
        known = labels[turn.training]
        centre, spread = (known.mean(), known.std()) if self.is_regression else (0.0, 1.0)
        cases = _cases(self.real, (labels - centre) / spread)
        loss: Loss = nn.SmoothL1Loss() if self.is_regression else BinaryCrossEntropy()
        rows = [cases.take(torch.from_numpy(part)) for part in (learnt, stop, turn.scored)]
        with torch.random.fork_rng(), tempfile.TemporaryDirectory() as folder:
            torch.manual_seed(LEARNING.seed)
            network = TunedNetwork(self.encoder, self.real.schema.sizes, labels.shape[1])
            train(network, loss, (rows[0], rows[1]), LEARNING, Path(folder))
        return np.asarray(predict_scores(network, rows[2]).numpy() * spread + centre)


def _cases(real: RealSet, labels: np.ndarray) -> Cases:
    """The films as they stand, with nothing known but their labels."""
    count, outputs = labels.shape
    return Cases(
        images=torch.from_numpy((real.films[:, :1] * 255).round().astype(np.uint8)),
        values=torch.from_numpy(real.values),
        known=torch.from_numpy(real.known),
        labels=torch.from_numpy(labels).float(),
        expected=torch.full((count, 3, outputs), torch.nan),
        causes=torch.zeros(count, 0),
    )
