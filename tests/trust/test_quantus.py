"""Our measures of a map against Quantus's, which runs in an environment of its own.

Set XATTN_QUANTUS to a Python that has it; `benchmarks/quantus_metrics.py` says how to make one.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from xattn.trust.fidelity import fidelity_correlation, infidelity
from xattn.trust.judging import LEVELS, JudgedFilm, nested

PYTHON = os.environ.get("XATTN_QUANTUS", "")
SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "quantus_metrics.py"
SHAPE, GREY, RUNS, SIZE, SEED = (5, 8), 0.25, 64, 13, 7
"""Forty pixels, each a region of its own."""

GENERATOR = np.random.default_rng(0)
WEIGHTS, BEND = GENERATOR.normal(size=(2, *SHAPE)) / 5
FILM = GENERATOR.random(SHAPE)
MAP = WEIGHTS * (FILM - GREY) + GENERATOR.normal(size=SHAPE) / 20


def value(film: np.ndarray) -> float:
    return float((WEIGHTS * film).sum() + (BEND * film).sum() ** 2)


def kept(mask: np.ndarray) -> float:
    """The value with only the pixels of a mask (40,) left in place."""
    return value(np.where(mask.reshape(SHAPE), FILM, GREY))


def judged_by(masks: np.ndarray) -> JudgedFilm:
    """The film as judged by masks (M, 40) that keep pixels."""
    return JudgedFilm(
        labels=np.arange(MAP.size).reshape(SHAPE),
        film=FILM,
        orders=np.zeros((0, MAP.size), dtype=int),
        masks=masks,
        values=np.array([kept(mask) for mask in masks]),
        value=value(FILM),
        absent=kept(np.zeros(MAP.size, dtype=bool)),
        passes=len(masks),
    )


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    if not PYTHON:
        pytest.skip("set XATTN_QUANTUS to a Python that has Quantus")
    path = tmp_path_factory.mktemp("quantus") / "given.npz"
    np.savez(
        path, weights=WEIGHTS, bend=BEND, film=FILM[None], map=MAP[None], grey=GREY,
        runs=RUNS, size=SIZE, seed=SEED,
    )  # fmt: skip
    ran = subprocess.run(  # the Python that the environment names
        [PYTHON, str(SCRIPT), str(path)], capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_fidelity_correlation_is_theirs_on_the_same_subsets(theirs: dict[str, object]):
    np.random.seed(SEED)  # noqa: NPY002  # the generator that Quantus draws from
    draws = [np.random.choice(MAP.size, SIZE, replace=False) for _ in range(RUNS)]  # noqa: NPY002
    masks = np.ones((RUNS, MAP.size), dtype=bool)
    for mask, covered in zip(masks, draws, strict=True):
        mask[covered] = False
    judged = judged_by(masks)
    # float64 throughout, but for sums in another order
    assert fidelity_correlation(judged, MAP.ravel()) == pytest.approx(
        theirs["faithfulness correlation"], abs=1e-9
    )


def test_the_deletion_curve_is_their_pixel_flipping(theirs: dict[str, object]):
    order = np.argsort(-MAP.ravel(), kind="stable")
    last = nested(order[::-1])[::-1]
    ours = [*(kept(mask) for mask in last), kept(np.zeros(MAP.size, dtype=bool))]
    assert len(ours) == LEVELS + 1
    np.testing.assert_allclose(ours, theirs["pixel flipping"], rtol=0, atol=1e-9)


def test_infidelity_is_theirs_over_the_same_coverings(theirs: dict[str, object]):
    # the first pixel covered, the first two, … all of them
    masks = ~np.tri(MAP.size, dtype=bool)
    found = infidelity(judged_by(masks), MAP.ravel(), is_scaled=False)
    assert found == pytest.approx(theirs["infidelity"], rel=1e-9)
