"""Training over several processes gives the weights of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.two_processes import trained
from xattn.training import loop

ROOT = Path(__file__).resolve().parents[2]


def test_two_processes_give_the_weights_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loop, "autocast", loop.autocast)  # put back what `trained` replaces
    one = trained(tmp_path / "one")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", "-m", "tests.training.two_processes", str(tmp_path / "two")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    two = torch.load(tmp_path / "two" / "best.pt", weights_only=True)
    assert list(one) == list(two)
    for name, weights in one.items():
        # Ten steps of AdamW on gradients that are summed in another order.
        torch.testing.assert_close(two[name], weights, atol=2e-5, rtol=0, msg=name)
