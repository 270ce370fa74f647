"""Heads on frozen encoders: ridge regression, and cross-attention with its rivals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from benchmarks.real_encoders import GRID
from benchmarks.real_folds import Round
from xattn.models.attention import Concatenation, FormOnly, ImageOnly, OneWay
from xattn.models.tokens import FieldTokeniser, ImageTokeniser

COMPONENTS = 16
"""Principal components that are left of a film, or of a token."""
PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4)
FILM_WEIGHTS = (0.1, 0.3, 1.0)
"""What a film's components are multiplied by beside a form, so that one penalty fits both."""
WIDTH = 16
HEADS = 2
STEPS = 60
CHECK_EVERY = 10

FUSIONS: dict[str, Callable[[], nn.Module]] = {
    "cross-attention": lambda: OneWay(WIDTH, HEADS),
    "concatenation": Concatenation,
    "film alone": ImageOnly,
    "form alone": FormOnly,
}


@dataclass(frozen=True, slots=True, eq=False)
class RidgeHead:
    """Ridge regression of labels (N, K) on films (N, V, P), forms (N, Q), or both.

    Labels of 0 and 1 are regressed like numbers: an AUC reads the order alone. Every statistic
    is of the training rows; penalty and film's weight are chosen by folds within them.
    """

    labels: np.ndarray
    groups: np.ndarray
    films: np.ndarray | None = None
    forms: np.ndarray | None = None

    def __call__(self, turn: Round) -> np.ndarray:
        """Scores of the scored rows, each from its film as it stands."""
        versions = 1 if self.films is None else self.films.shape[1]
        labels = np.repeat(self.labels[turn.training], versions, axis=0)
        groups = np.repeat(self.groups[turn.training], versions)
        learnt, asked = self._parts(turn, versions)
        weights = FILM_WEIGHTS if len(learnt) == 2 else (1.0,)
        searches = [
            GridSearchCV(
                Ridge(), {"alpha": PENALTIES}, scoring="neg_mean_squared_error", cv=GroupKFold(4)
            ).fit(_joined(learnt, weight), labels, groups=groups)
            for weight in weights
        ]
        best = max(range(len(weights)), key=lambda k: searches[k].best_score_)
        scores = searches[best].predict(_joined(asked, weights[best]))
        return np.asarray(scores).reshape(len(turn.scored), -1)

    def _parts(self, turn: Round, versions: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Film then form, standardised, of the training rows and of the scored ones."""
        learnt, asked = [], []
        if self.films is not None:
            film = make_pipeline(StandardScaler(), PCA(COMPONENTS, whiten=True, random_state=0))
            flat = self.films[turn.training].reshape(-1, self.films.shape[2])
            learnt.append(film.fit_transform(flat))
            asked.append(film.transform(self.films[turn.scored, 0]))
        if self.forms is not None:
            form = StandardScaler().fit(self.forms[turn.training])
            learnt.append(np.repeat(form.transform(self.forms[turn.training]), versions, axis=0))
            asked.append(form.transform(self.forms[turn.scored]))
        return learnt, asked


class FusionHead(nn.Module):
    """Tokens of a film and of a form, one way for them to meet, and a linear layer."""

    def __init__(self, sizes: tuple[int, ...], fusion: str, outputs: int) -> None:
        super().__init__()
        self.film = ImageTokeniser(COMPONENTS, GRID, WIDTH)
        self.form = FieldTokeniser(sizes, WIDTH)
        self.fusion = FUSIONS[fusion]()
        self.out = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * WIDTH, outputs))

    def forward(self, maps: Tensor, values: Tensor, known: Tensor) -> Tensor:
        """Scores (B, K)."""
        pair, _ = self.fusion(self.film(maps).tokens, self.form(values, known))
        scores: Tensor = self.out(pair)
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class AttentionHead:
    """`FusionHead`s on principal components of maps (N, V, C, 7, 7), averaged over members."""

    maps: np.ndarray
    values: np.ndarray
    known: np.ndarray
    labels: np.ndarray
    sizes: tuple[int, ...]
    fusion: str
    is_regression: bool

    def __call__(self, turn: Round) -> np.ndarray:
        """Mean scores of the scored rows; log-odds, or numbers in the labels' unit."""
        maps = self._components(turn)
        centre, spread = self._scale(turn)
        targets = torch.from_numpy((self.labels - centre) / spread).float()
        form = torch.from_numpy(self.values), torch.from_numpy(self.known)
        found = []
        for seed, stop in enumerate(turn.stops):
            learnt = np.setdiff1d(turn.training, stop)
            head = self._train((maps, *form), targets, (learnt, stop), seed=seed)
            rows = torch.from_numpy(turn.scored)
            with torch.no_grad():
                found.append(head(maps[rows, 0], *(part[rows] for part in form)).numpy())
        return np.asarray(np.mean(found, axis=0) * spread + centre)

    def _components(self, turn: Round) -> Tensor:
        """Maps (N, V, 16, 7, 7), with statistics of the training rows alone."""
        last = np.moveaxis(self.maps, 2, -1)
        prepared = make_pipeline(StandardScaler(), PCA(COMPONENTS, whiten=True, random_state=0))
        prepared.fit(last[turn.training].reshape(-1, last.shape[-1]))
        reduced = prepared.transform(last.reshape(-1, last.shape[-1]))
        shaped = np.moveaxis(reduced.reshape(*last.shape[:-1], COMPONENTS), -1, 2)
        return torch.from_numpy(np.ascontiguousarray(shaped, dtype=np.float32))

    def _scale(self, turn: Round) -> tuple[float, float]:
        learnt = self.labels[turn.training]
        return (float(learnt.mean()), float(learnt.std())) if self.is_regression else (0.0, 1.0)

    def _train(
        self,
        inputs: tuple[Tensor, Tensor, Tensor],
        targets: Tensor,
        parts: tuple[np.ndarray, np.ndarray],
        *,
        seed: int,
    ) -> FusionHead:
        """The head as it was where the stopping rows' loss was lowest."""
        maps, values, known = inputs
        learnt, stop = (torch.from_numpy(part) for part in parts)
        loss = nn.SmoothL1Loss() if self.is_regression else nn.BCEWithLogitsLoss()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            head = FusionHead(self.sizes, self.fusion, targets.shape[1])
            optimiser = torch.optim.AdamW(head.parameters(), lr=1e-2, weight_decay=0.1)
            lowest, best = float("inf"), head.state_dict()
            for step in range(1, STEPS + 1):
                version = torch.randint(maps.shape[1], learnt.shape)
                scores = head.train()(maps[learnt, version], values[learnt], known[learnt])
                optimiser.zero_grad()
                loss(scores, targets[learnt]).backward()
                optimiser.step()
                if step % CHECK_EVERY == 0:
                    with torch.no_grad():
                        now = head.eval()(maps[stop, 0], values[stop], known[stop])
                        held = float(loss(now, targets[stop]))
                    if held < lowest:
                        lowest = held
                        best = {k: v.clone() for k, v in head.state_dict().items()}
        head.load_state_dict(best)
        return head.eval()


def _joined(parts: list[np.ndarray], weight: float) -> np.ndarray:
    """Parts side by side, the first multiplied."""
    return np.hstack([parts[0] * weight, *parts[1:]])
