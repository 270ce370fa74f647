"""Catch rates of the gate: `python -m benchmarks.gate`, and `--fit` to fit what it needs.

Pixels alone are judged in the tables of simulated faults, since no header states a fault that is
simulated; the last table has files as they are, header included. Thresholds and weights come from
phantoms; no real film was used for them.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import xattn
from benchmarks.gate_content import SYSTEMS, fit_all, phantom_films
from benchmarks.gate_faults import STRANGERS, Draw, photographed
from xattn.data.intake import read_image
from xattn.data.radiograph import Radiograph
from xattn.errors import XattnError
from xattn.systems import MODELS, load
from xattn.training.cases import Cases
from xattn.trust import content
from xattn.trust.checks_pixels import check_pixels, check_text
from xattn.trust.content import Classifier, check_content
from xattn.trust.expectations import EXPECTATIONS
from xattn.trust.finding import Gate
from xattn.trust.gate import TEXT_SIDE, check_case, embed
from xattn.trust.novelty import fit_reference, save_reference
from xattn.trust.picture import shown

CACHE = Path(__file__).resolve().parent.parent / "runs" / "phantoms"
DATA = Path(os.environ.get("XATTN_DATA", CACHE.parents[2] / "shared" / "data"))
TEST, FITTED, HELD_OUT = 30_000_000, 20_000_000, 10_000_000
"""First seeds: the references are fitted on calibration phantoms, ranked among validation ones."""
Fault = Callable[[np.ndarray, Draw], np.ndarray]


def main() -> None:
    """Fit, or print the tables."""
    options = _options()
    if options.fit:
        fit_all(CACHE)
        fit_references()
        return
    start = time.perf_counter()
    classifiers = {system: content.load(system) for system in SYSTEMS}
    phantoms = {s: list(phantom_test_films(s)[: options.films] / 255) for s in SYSTEMS}
    print("| system | films | fault | n | blocked | warned or blocked | false alarms by check |")
    print("|---|---|---|---|---|---|---|")
    for system in SYSTEMS:
        print_faults(system, "phantoms", phantoms[system], classifiers[system])
        for other in SYSTEMS:
            if other != system:
                print_row(system, "phantoms", f"a {other} film", phantoms[other], classifiers)
    if DATA.is_dir():
        print_real(options.films, classifiers)
    print(f"\n{time.perf_counter() - start:.0f} s")


def fit_references() -> None:
    """Write reference.safetensors of the three shipped models."""
    for system in SYSTEMS:
        model = load(system)
        parts = [
            Cases.load(CACHE / f"{system}-confounded-224-{n}-1000.safetensors")
            for n in (FITTED, HELD_OUT)
        ]
        embedded = [
            embed(model, c.images, values=c.values.numpy(), known=c.known.numpy()) for c in parts
        ]
        save_reference(MODELS / system / "compact", fit_reference(*embedded))


def phantom_test_films(system: str) -> np.ndarray:
    """Whole phantom films of the test part, which nothing was fitted on."""
    return phantom_films(system, TEST, CACHE, count=3000)


def burnt_in(film: np.ndarray, draw: Draw) -> np.ndarray:
    """The film at 512 pixels with an invented line of text at its top or bottom."""
    picture = Image.fromarray(np.uint8(255 * np.clip(film, 0, 1))).resize((512, 512))
    place = 16, int(draw.choice([16, 480]))
    ImageDraw.Draw(picture).text(place, "SAMPLE^NAME 01.02.1950", fill=255, font_size=16)
    return np.asarray(picture) / 255


def with_stem(film: np.ndarray, draw: Draw) -> np.ndarray:
    """The film with a bright rod and ball near its middle, as of a joint replacement."""
    rows, columns = film.shape
    down, across = np.mgrid[:rows, :columns] / max(rows, columns)
    y, x = 0.4 + 0.1 * draw.random(2)
    rod = (abs(across - x) < 0.03) & (down > y) & (down < y + 0.35)
    ball = (across - x) ** 2 + (down - y) ** 2 < 0.05**2
    return np.where(rod | ball, 1.0, film)


FAULTS: dict[str, Fault] = {
    "none": lambda film, _: film,
    "inverted": lambda film, _: film.max() - film,
    "turned by a quarter": lambda film, _: np.rot90(film),
    "upside down": lambda film, _: np.rot90(film, 2),
    "mirrored": lambda film, _: film[:, ::-1],
    "photo of a screen": photographed,
    "metal stem": with_stem,
    "burnt-in text": burnt_in,
}

WITHOUT_FAULT = ("none", "CESM, subtracted")
"""Rows that show false alarms, with the checks that raised them."""


def print_faults(
    system: str, name: str, films: Sequence[np.ndarray], classifier: Classifier
) -> None:
    """One row for each simulated fault, and for pictures that are no film."""
    for fault, apply in FAULTS.items():
        draw = np.random.default_rng(1)
        print_row(system, name, fault, [apply(film, draw) for film in films], {system: classifier})
    draw = np.random.default_rng(1)
    for make in STRANGERS if name == "phantoms" else ():
        made = [make(draw) for _ in range(len(films))]
        print_row(system, "-", make.__name__.replace("_", " "), made, {system: classifier})


def print_row(
    system: str,
    name: str,
    fault: str,
    films: Iterable[np.ndarray],
    classifiers: dict[str, Classifier],
) -> None:
    """The share of films that the checks of pixels block or warn of; no row without films."""
    found = [pixel_gate(np.asarray(f), system, classifiers[system]) for f in films]
    alarms = [gate for gate in found if gate.level != "pass"]
    blocked = sum(gate.level == "block" for gate in found)
    count = len(found)
    if not count:
        return
    shares = f"{blocked / count:.0%} | {len(alarms) / count:.0%}"
    why = _by_check(alarms) if fault in WITHOUT_FAULT else ""
    print(f"| {system} | {name} | {fault} | {count} | {shares} | {why} |")


def pixel_gate(film: np.ndarray, system: str, classifier: Classifier) -> Gate:
    """The findings that need no header."""
    return Gate(
        (
            *check_pixels(film, EXPECTATIONS[system]),
            *check_content(classifier, film, system),
            check_text(film),
        )
    )


def print_real(count: int, classifiers: dict[str, Classifier]) -> None:
    """Simulated faults on real films, other body parts, and DICOM files as they are."""
    chest = real_films(DATA / "nih_chestxray" / "images", "*.jpg", count)
    breast = real_films(DATA / "cdd_cesm_mammo" / "lesion_512" / "images", "*_DM_*.jpg", count)
    subtracted = real_films(DATA / "cdd_cesm_mammo" / "lesion_512" / "images", "*_CM_*.jpg", count)
    knee = real_films(DATA / "knee_osteoporosis" / "images", "*.jpg", count)
    pelvis = real_films(DATA / "pelvis_ddh", "*.jpg", count)
    print_faults("chest", "NIH", chest, classifiers["chest"])
    print_faults("breast", "CESM, low energy", breast, classifiers["breast"])
    strangers = {"knee": knee, "infant pelvis": pelvis, "NIH chest": chest, "mammogram": breast}
    for system in SYSTEMS:
        for name, films in strangers.items():
            if system not in name and not (system == "breast" and name == "mammogram"):
                print_row(system, "real", name, films, classifiers)
    print_row("breast", "real", "CESM, subtracted", subtracted, classifiers)
    print("\n| system | file | gate | why |\n|---|---|---|---|")
    for system in SYSTEMS:
        print_files(system)


def real_films(folder: Path, pattern: str, count: int) -> list[np.ndarray]:
    """Evenly chosen films of a folder, as the gate sees them."""
    paths = sorted(folder.glob(pattern))
    chosen = paths[:: max(1, len(paths) // count)][:count]
    return [shown(read_image(path), TEXT_SIDE) for path in chosen]


def print_files(system: str) -> None:
    """Every readable DICOM film with the system's gate, header included, form unknown."""
    engine = xattn.load(system)
    classifier = content.load(system)
    for path in sorted((DATA / "dicom_xray").rglob("*.dcm")):
        radiograph = _read(path)
        if radiograph is None or (path.parent.name not in (system, "other", "pelvis_ddh")):
            continue
        gate = check_case(engine.case(radiograph), classifier)
        print(f"| {system} | {path.parent.name}/{path.stem} | {gate.level} | {_reasons(gate)} |")


def _read(path: Path) -> Radiograph | None:
    try:
        return read_image(path)
    except XattnError:
        return None


def _reasons(gate: Gate) -> str:
    bad = [f"{f.check} ({f.level})" for f in gate.findings if f.level != "pass"]
    return ", ".join(bad)


def _by_check(gates: Sequence[Gate]) -> str:
    """Which checks raised false alarms, and how often."""
    names = [f.check for gate in gates for f in gate.findings if f.level != "pass"]
    return ", ".join(f"{name} {names.count(name)}" for name in sorted(set(names)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit classifiers and references")
    parser.add_argument("--films", type=int, default=100, help="films of each kind")
    return parser.parse_args()


if __name__ == "__main__":
    main()
