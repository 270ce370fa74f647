"""NIH's table of boxes: its header with commas in brackets, fractions of pixels, other names."""

import os
from pathlib import Path

import pytest

from tests.data.datasets.trees import write_csv
from xattn.data.datasets.nih_boxes import SIDE, FindingBox, read_nih_boxes
from xattn.data.placement import Box
from xattn.errors import SchemaError

HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,"
ROWS = (
    "00013118_008.png,Atelectasis,225.084745762712,547.019216763771,86.7796610169491,79.1864406779661,,,",
    "00013118_008.png,Infiltrate,10,20,30,40,,,",
    "00000021_000.png,Mass,0,0,1024,1024,,,",
)  # fmt: skip


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "BBox_List_2017.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_boxes_go_by_film_and_hold_their_fractions_of_pixels(tmp_path: Path):
    found = read_nih_boxes(write(tmp_path, *ROWS))
    assert list(found) == ["00013118_008", "00000021_000"]
    # 225.08 + 86.78 = 311.86 and 547.02 + 79.19 = 626.21: up to whole pixels.
    assert found["00013118_008"] == (
        FindingBox("Atelectasis", "atelectasis", Box(225, 547, 87, 80)),
        FindingBox("Infiltration", None, Box(10, 20, 30, 40)),
    )
    assert found["00000021_000"] == (FindingBox("Mass", "lung_lesion", Box(0, 0, SIDE, SIDE)),)


def test_a_tidied_copy_gives_the_same(tmp_path: Path):
    rows = [row.rstrip(",").split(",") for row in ROWS]
    tidy = write_csv(tmp_path / "boxes.csv", [["image", "finding", "x", "y", "w", "h"], *rows])
    assert read_nih_boxes(tidy) == read_nih_boxes(write(tmp_path, *ROWS))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("00000003_000.png,Covid,1,1,1,1,,,", "one of NIH's 14"),
        ("00000003_000.png,Mass,1,1,one,1,,,", "must be numbers of pixels"),
        ("00000003_000.png,Mass,1,1,nan,1,,,", "must be numbers of pixels"),
        ("00000003_000.png,Mass,1,1,inf,1,,,", "must be numbers of pixels"),
        ("00000003_000.png,Mass,1,1,0,5,,,", "at least one pixel"),
        ("00000003_000.png,Mass,1000,1,30,5,,,", "inside the film"),
    ],
)
def test_a_row_that_is_not_as_published_is_refused_by_its_number(tmp_path, row, message):
    with pytest.raises(SchemaError, match=message) as refusal:
        read_nih_boxes(write(tmp_path, *ROWS, row))
    assert str(refusal.value).startswith("Row 5 of BBox_List_2017.csv: ")


def test_a_column_too_few_is_refused(tmp_path: Path):
    with pytest.raises(SchemaError, match="must have the column 'Bbox \\[x'"):
        read_nih_boxes(write(tmp_path, "a.png,Mass", header="Image Index,Finding Label"))


DATA = Path(os.environ.get("XATTN_DATA", "../shared/data")) / "nih_chestxray"


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="XATTN_DATA names no folder with nih_chestxray")
def test_real_boxes_are_read():
    found = read_nih_boxes(DATA / "bboxes_1024px.csv")
    assert sum(map(len, found.values())) == 8
    films = {path.stem for path in (DATA / "images").iterdir()}
    assert set(found) <= films
