"""Loading a model leaves no threads of torch's behind: beside them the worker's slow down."""

import subprocess
import sys
from pathlib import Path

import pytest

THREADS = Path("/proc/self/task")
LOADED = f"""
import time, torch, xattn.systems
from pathlib import Path

def threads():
    return len(list(Path("{THREADS}").iterdir()))

before, end = threads(), time.monotonic() + 20
xattn.systems.load("hip")
while threads() > before and time.monotonic() < end:  # those that end take a moment
    time.sleep(0.1)
print(threads() - before)
torch.zeros(64, 3, 224, 224).to(memory_format=torch.channels_last)
print(threads() - before)
"""


@pytest.mark.skipif(not THREADS.exists(), reason="threads are counted in Linux's /proc")
def test_the_thread_that_loads_a_model_gets_no_pool() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOADED],
        env={"OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    after_loading, after_work = map(int, run.stdout.split())
    assert after_loading == 0
    assert after_work == 1  # what one operation leaves in the thread that does it
