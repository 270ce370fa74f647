"""Real masks: lesions of CDD-CESM and boxes of NIH, scored as the phantoms' causes are."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks import real_lesions, real_sets
from benchmarks.real_forms import chest_entries
from benchmarks.truth_cases import case_of, on_square
from benchmarks.truth_places import METHODS, PLACED, PRECISION, Found, asked, ceiling, placed, rows
from benchmarks.truth_run import Amounts, say
from benchmarks.truth_tables import sentence, table
from xattn.data.datasets.nih_boxes import SIDE, FindingBox, read_nih_boxes
from xattn.data.findings import FINDINGS
from xattn.data.intake import read_image
from xattn.explain.base import Game
from xattn.records import Case
from xattn.systems import LoadedModel

ABSENT = "No real masks: XATTN_DATA (default ../shared/data) names no folder."
BOXES = "bboxes_1024px.csv"


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A real film as a case, whose it is, the target's place, and what a reader marked (S, S)."""

    case: Case
    owner: str
    output: int
    mask: np.ndarray


def section(system: str, data: Path, model: LoadedModel, amounts: Amounts) -> str:
    """The tables of one system's real masks; a sentence where there are none."""
    if not data.is_dir():
        return ABSENT
    if system == "hip":
        return "No real masks of hips are at hand."
    if system == "chest":
        boxes = list(islice(nih(data / "nih_chestxray"), amounts.real))
        return _table("NIH's boxes, findings that CheXpert knows", boxes, model, amounts)
    kinds = real_lesions.KINDS.items()
    lesions = real_lesions.read(data)
    return "\n".join(
        _table(f"CDD-CESM, {title}", list(cesm(lesions, kind, amounts.real)), model, amounts)
        for kind, title in kinds
    )


def cesm(lesions: real_lesions.Lesions, kind: str, count: int) -> Iterator[Marked]:
    """One film each of the first patients, whole, the form unknown."""
    places = np.flatnonzero(lesions.kinds == kind)
    _, first = np.unique(lesions.groups[places], return_index=True)
    for place in places[first[:count]]:
        case = case_of("breast", lesions.films[place], {})
        mask = on_square(lesions.masks[place], len(case.film.pixels))
        yield Marked(case, str(lesions.groups[place]), 0, mask)


def nih(folder: Path) -> Iterator[Marked]:
    """Every box about a finding that the model speaks of."""
    boxes = read_nih_boxes(folder / BOXES)
    for row in real_sets.table(folder / "labels.csv"):
        for box in boxes.get(Path(row["image"]).stem, ()):
            if box.code in FINDINGS:
                film = read_image(folder / row["file"]).model_values()
                form = {name: value for name, value in chest_entries(row).items() if value}
                case = case_of("chest", film, form)
                mask = on_square(box_mask(box), len(case.film.pixels))
                yield Marked(case, row["patient_id"], FINDINGS.index(box.code), mask)


def box_mask(found: FindingBox) -> np.ndarray:
    """A box on the published film, (1024, 1024) bool."""
    mask = np.zeros((SIDE, SIDE), bool)
    box = found.box
    mask[box.y : box.y + box.height, box.x : box.x + box.width] = True
    return mask


def _table(title: str, films: list[Marked], model: LoadedModel, amounts: Amounts) -> str:
    found: Found = {method: [] for method in METHODS}
    limits = []
    for number, film in enumerate(films):
        say(f"{title}: {number + 1}")
        game = Game(model, film.case, model.targets[film.output])
        answers = asked(game, amounts, with_costly=number < amounts.costly)
        for method in METHODS:
            answer = answers.get(method)
            scores = placed(method, answer, mask=film.mask, game=game, sign=1.0) if answer else {}
            found[method].append(scores)
        limits.append((film.mask.mean(), ceiling(film.mask, game)))
    area, best = np.mean(limits, axis=0)
    owners = np.array([film.owner for film in films])
    told = rows(found, PLACED)
    opening = (
        f"\n**{title}**: {len(films)} films of {len(np.unique(owners))} patients; the mask is "
        f"{area:.3f} of the film, a chance map's AUPRC; its own is {best:.3f} on these regions.\n"
    )
    one = np.zeros(len(films), dtype=int)
    return "\n".join([opening, table(told, PLACED, one), "", sentence(told, PRECISION, owners)])
