"""Fits the content classifiers on phantoms and simulated faults; no real film is used."""

from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.gate_faults import STRANGERS, Draw, photographed, vary
from xattn.phantoms.breast_cases import CROPPED
from xattn.training.cases import Cases
from xattn.trust import content
from xattn.trust.content import FACING, INVERTED, MIRRORED, OTHER, RIGHT, Classifier
from xattn.trust.picture import features, thumbnail, trimmed

SYSTEMS = ("hip", "breast", "chest")
FIT_ON, HELD_OUT = 10_000_000, 20_000_000
"""First seeds of validation and calibration phantoms."""
PENALTY = 0.02
"""Inverse strength of the ridge: features are 768, films 2,500."""
EACH = 250
"""Films of every fault; the right ones and the others come three times."""
QUANTILES = (0.02, 0.002)
"""Right held-out phantoms that are warned of, and blocked."""
_TURNS = {"90": 1, "180": 2, "270": 3}


def fit_all(cache: Path, path: Path = content.FILE) -> None:
    """Fit every system's classifier and write the file."""
    films = {system: phantom_films(system, FIT_ON, cache) for system in SYSTEMS}
    held = {system: phantom_films(system, HELD_OUT, cache) for system in SYSTEMS}
    content.save({system: fit(system, films, held[system]) for system in SYSTEMS}, path)


def phantom_films(system: str, start: int, cache: Path, *, count: int = 1000) -> np.ndarray:
    """Whole phantom films (N, 224, 224) uint8, without lesion crops."""
    cases = Cases.load(cache / f"{system}-confounded-224-{start}-{count}.safetensors")
    films = cases.images[:, 0].numpy()
    if system != "breast":
        return np.asarray(films)
    draws = [np.random.default_rng([start + k, 11]).random() for k in range(len(films))]
    return np.asarray(films[np.array(draws) >= CROPPED])


def fit(system: str, films: dict[str, np.ndarray], held_out: np.ndarray) -> Classifier:
    """One system's classifier, its thresholds from varied phantoms that were held out."""
    draw = np.random.default_rng(0)
    names = [RIGHT] * 3 + [INVERTED, *_turns(system), MIRRORED] + [OTHER] * 3
    labels = np.repeat(names, EACH)
    rows = np.array([features(thumbnail(faulty(system, films, n, draw))) for n in labels])
    model = LogisticRegression(C=PENALTY, max_iter=300, class_weight="balanced").fit(rows, labels)
    classes = tuple(str(name) for name in model.classes_)
    classifier = Classifier(classes, model.coef_, model.intercept_, 0.5, 0.1)
    kept = [upright(system, held_out, draw) for _ in range(1_500)]
    shares = [classifier.shares(film) for film in kept]
    fits = [s[RIGHT] + (s[MIRRORED] if system in FACING else 0) for s in shares]
    warn_below, block_below = np.quantile(fits, QUANTILES)
    return Classifier(classes, model.coef_, model.intercept_, float(warn_below), float(block_below))


def faulty(system: str, films: dict[str, np.ndarray], fault: str, draw: Draw) -> np.ndarray:
    """A varied film with a fault, or one that is no film of the system."""
    if fault == OTHER:
        return stranger(system, films, draw)
    film = upright(system, films[system], draw)
    if fault == INVERTED:
        return np.asarray(film.max() - film)
    if fault == MIRRORED:
        return film[:, ::-1]
    return np.rot90(film, _TURNS.get(fault, 0))


def upright(system: str, films: np.ndarray, draw: Draw) -> np.ndarray:
    """A varied right film that faces as `right` ones do."""
    film = trimmed(films[draw.integers(len(films))] / 255)
    if system in FACING and not _faces(system, film):
        film = film[:, ::-1]
    if system == "breast":
        # Air is cut by the viewer's crop, more or less.
        film = film[:, : int(film.shape[1] * draw.uniform(0.75, 1))]
    return vary(_square(film), draw)


def stranger(system: str, films: dict[str, np.ndarray], draw: Draw) -> np.ndarray:
    """Another system's film, turned or inverted; no film at all; or a photograph of one."""
    kind = draw.integers(5)
    others = [name for name in SYSTEMS if name != system]
    if kind in (0, 1):
        name = str(draw.choice(others))
        film = np.rot90(vary(_square(_any(films[name], draw)), draw), int(draw.integers(4)))
        return np.asarray(film if draw.random() < 0.7 else film.max() - film)
    if kind in (2, 3):
        return STRANGERS[draw.integers(len(STRANGERS))](draw)
    return photographed(_any(films[str(draw.choice(SYSTEMS))], draw), draw)


def _any(films: np.ndarray, draw: Draw) -> np.ndarray:
    return np.asarray(films[draw.integers(len(films))] / 255)


def _square(film: np.ndarray, side: int = 112) -> np.ndarray:
    rows, columns = (np.linspace(0, n - 1, side).round().astype(int) for n in film.shape)
    return np.asarray(film[np.ix_(rows, columns)])


def _faces(system: str, film: np.ndarray) -> bool:
    """Chest wall at the left of a breast; air at the left of a hip: phantoms are drawn so."""
    wide = film.shape[1] // 5
    left, right = film[:, :wide].mean(), film[:, -wide:].mean()
    return bool(left > right if system == "breast" else left < right)


def _turns(system: str) -> tuple[str, ...]:
    """A breast upside down looks like the other breast."""
    return ("90", "270") if system == "breast" else ("90", "180", "270")
