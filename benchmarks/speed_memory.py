"""Peak memory of a whole case, ours and the libraries', each in a process of its own.

python -m benchmarks.speed_memory --system hip --side ours
"""

import argparse
import resource
import subprocess
import sys

MEBI = 2**20


def peak(system: str) -> str:
    """Both sides' peaks as a sentence; what a process holds once it has loaded the model, too."""
    found = {side: _asked(system, side) for side in ("loaded", "ours", "libraries")}
    said = ", ".join(f"{name} {size:.0f} MiB" for name, size in found.items())
    return f"peak resident memory: {said}"


def main() -> None:
    """Do one side, and print the most memory that this process held in MiB."""
    from benchmarks import libraries
    from benchmarks.libraries import Counts
    from benchmarks.speed import METHODS
    from benchmarks.speed_cases import shipped_case
    from xattn.runtime.engine import load

    options = _options()
    engine = load(options.system)
    case = shipped_case(engine)
    if options.side == "ours":
        engine.explain(case, METHODS)
    elif options.side == "libraries":
        libraries.composition(engine.model, case, Counts(lime=320, steps=32, joint=512))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEBI)


def _asked(system: str, side: str) -> float:
    command = [sys.executable, "-m", "benchmarks.speed_memory", "--system", system, "--side", side]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return float(run.stdout.splitlines()[-1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", choices=("hip", "breast", "chest"), default="breast")
    parser.add_argument("--side", choices=("loaded", "ours", "libraries"), default="ours")
    return parser.parse_args()


if __name__ == "__main__":
    main()
