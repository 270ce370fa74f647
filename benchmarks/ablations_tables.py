"""The finished runs of the comparison as tables, and which of the claimed gains they show."""

import json
import platform
import statistics
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.ablations_choices import CHOICES, CLAIMS, LONGER, Amounts, Choice, Claim
from xattn.systems import SYSTEMS

SIZE = 96
HEAD = """# Results

Every figure below is printed by the command beside it. Data are synthetic phantoms unless said
otherwise: what holds on them need not hold on patients.

## Design choices, one factor at a time

`make ablations`: compact encoders at {size} px, {training:,} training and {test:,} test phantoms,
{preparing} epochs of preparing the encoder and {epochs} of training, mean ± SD over seeds, on
{device}. "Best" is the figure of what the latent causes let expect. A row of fewer than three seeds
is not finished: the same command goes on with it.
"""
FOOT = """
The papers' own figures are no column here. Reported by the authors, not reproduced: XAttn-BMD's
MSE 16.7 % below concatenation is of 233 people without a test set; an AUC of 0.98 for
cross-attention on CBIS-DDSM is not credible without leakage, descriptors alone give 0.80; 0.85
against 0.66 for MXA compares with a baseline that applies the sigmoid twice.
"""
LATER = ", 3 × the epochs"
Run = dict[str, dict[str, dict[str, float]]]


def tables(folder: Path, amounts: Amounts) -> str:
    """All finished runs in Markdown, and what they show of what is claimed."""
    device = f"{platform.machine()}, torch {torch.__version__}"
    numbers = {name: getattr(amounts, name) for name in ("training", "test", "preparing", "epochs")}
    parts = [HEAD.format(size=SIZE, device=device, **numbers)]
    for system in SYSTEMS:
        choices = [choice for choice in (*CHOICES, *LONGER) if choice.system == system]
        found = [(choice, _found(folder, choice)) for choice in choices]
        done = [(choice, runs) for choice, runs in found if runs]
        if done:
            parts.append(_table(system, done))
            parts.append(_claims(system, {choice.name: runs for choice, runs in done}))
        parts += [_missing_table(runs) for choice, runs in done if choice.is_stressed]
    return "\n".join([*parts, FOOT])


def _claims(system: str, found: dict[str, list[Run]]) -> str:
    """Each claimed gain with its size over the same seeds, and whether it appeared."""
    claims = [claim for claim in CLAIMS if claim.system == system]
    tried = [
        replace(claim, better=claim.better + tail, than=claim.than + tail, said=claim.said + tail)
        for claim in claims
        for tail in ("", LATER)
    ]
    shown = [claim for claim in tried if claim.better in found and claim.than in found]
    if not shown:
        return ""
    main = str(next(iter(found.values()))[0]["main"])
    lines = ["", f"| a gain is claimed of | difference of {main} | does it appear here? |"]
    lines.append("|---|---|---|")
    lines += [_claim(claim, found, main) for claim in shown]
    return "\n".join(lines)


def _claim(claim: Claim, found: dict[str, list[Run]], main: str) -> str:
    """A gain appears when every seed shows it, and its mean is beyond its SD over the seeds."""
    pairs = zip(found[claim.better], found[claim.than], strict=False)
    gains = [
        one["rows"]["film and form"][main] - other["rows"]["film and form"][main]  # type: ignore[operator]
        for one, other in pairs
    ]
    spread = statistics.stdev(gains) if len(gains) > 1 else float("inf")
    appears = min(gains) > 0 and statistics.mean(gains) > spread
    against = max(gains) < 0 and -statistics.mean(gains) > spread
    answer = "yes" if appears else "no: the other way round" if against else "no"
    if len(gains) == 1:
        answer = "not judged by one seed"
    ahead = sum(gain > 0 for gain in gains)
    said = f"{statistics.mean(gains):+.3f}" + (f" ± {spread:.3f}" if len(gains) > 1 else "")
    return f"| {claim.said} | {said} | {answer} ({ahead} of {len(gains)} seeds ahead) |"


def _found(folder: Path, choice: Choice) -> list[Run]:
    paths = sorted(folder.glob(f"{choice.system}-{plain(choice.name)}-[0-9].json"))
    return [json.loads(path.read_text()) for path in paths]


def _table(system: str, done: list[tuple[Choice, list[Run]]]) -> str:
    first = done[0][1][0]
    names = list(first["rows"]["film and form"])
    alone = ("film alone", "form alone")
    main = str(first["main"])
    head = [*names, *(f"{main}, {part}" for part in alone)]
    lines = ["", f"### {SYSTEMS[system].title}", ""]
    lines += ["| choice | seeds | " + " | ".join(head) + " |", "|---" * (len(head) + 2) + "|"]
    for choice, runs in done:
        cells = [_spread([run["rows"]["film and form"][name] for run in runs]) for name in names]
        cells += [_spread([run["rows"][part][main] for run in runs]) for part in alone]
        lines.append(f"| {choice.name} | {len(runs)} | " + " | ".join(cells) + " |")
    lines.append(
        f"| paper preset | not trained: no GPU was at hand {'| ' * (len(head) + 1)}".rstrip()
    )
    bounds = "; ".join(f"{name} {value:.3f}" for name, value in first["bounds"].items())
    return "\n".join([*lines, "", f"Best {main}: {bounds}."])


def _missing_table(runs: list[Run]) -> str:
    lines = ["", f"{runs[0]['main']} with fields of the form withheld, of the default:", ""]
    for kind, shares in runs[0]["missing"].items():
        lines += [f"| {kind} | " + " | ".join(shares) + " |", "|---" * (len(shares) + 1) + "|"]
        cells = [_spread([run["missing"][kind][share] for run in runs]) for share in shares]
        lines += ["| | " + " | ".join(cells) + " |", ""]
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.3f}"
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def plain(name: str) -> str:
    """A row's name for files."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)
