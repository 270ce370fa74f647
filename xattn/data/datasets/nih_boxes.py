"""NIH ChestX-ray14's table of boxes: where radiologists saw 984 findings on 880 films.

The header of BBox_List_2017.csv has brackets that hold commas, "Bbox [x,y,w,h]", and its
coordinates are fractions of a pixel of the film of 1024 × 1024.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xattn.data.datasets.nih import SAME_FINDING
from xattn.data.datasets.table import Row, read_table
from xattn.data.placement import Box
from xattn.errors import IntakeError, SchemaError

TABLE = "BBox_List_2017.csv"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "image": ("Image Index", "image"),
    "finding": ("Finding Label", "finding"),
    "x": ("Bbox [x", "x"),
    "y": ("y",),
    "w": ("w",),
    "h": ("h]", "h"),
}
"""What each column is called in the published table and in tidied copies."""
SIDE = 1024
"""Rows and columns of the published films, in whose pixels the boxes are."""
_OTHER_NAMES = {"Infiltrate": "Infiltration"}


@dataclass(frozen=True, slots=True)
class FindingBox:
    """A box about one finding, in pixels of the published film; `code` is CheXpert's, or none."""

    finding: str
    code: str | None
    box: Box


def read_nih_boxes(table: Path) -> Mapping[str, tuple[FindingBox, ...]]:
    """The boxes of each film, by the film's name without ending, which is `Entry.study`.

    Raises:
        SchemaError: with the row, if the table is not as published.
    """
    rows = read_table(table, table.name)
    columns = {name: rows.column(*spellings) for name, spellings in COLUMNS.items()}
    found: dict[str, list[FindingBox]] = defaultdict(list)
    for row in rows:
        found[Path(row[columns["image"]]).stem].append(_finding_box(row, columns))
    return {film: tuple(boxes) for film, boxes in found.items()}


def _finding_box(row: Row, columns: Mapping[str, str]) -> FindingBox:
    written = row[columns["finding"]]
    name = _OTHER_NAMES.get(written, written)
    if name not in SAME_FINDING:
        raise row.refusal("the finding must be one of NIH's 14, however: another; check the cell.")
    try:
        box = _box(*(float(row[columns[side]]) for side in ("x", "y", "w", "h")))
        return FindingBox(name, SAME_FINDING[name], box.within((SIDE, SIDE)))
    except (IntakeError, SchemaError) as error:
        raise row.refusal(error) from None
    except (OverflowError, ValueError):
        raise row.refusal("x, y, w and h must be numbers of pixels; check the cells.") from None


def _box(x: float, y: float, width: float, height: float) -> Box:
    """The smallest box of whole pixels that holds one of fractions."""
    left, top = math.floor(x), math.floor(y)
    return Box(left, top, math.ceil(x + width) - left, math.ceil(y + height) - top)
