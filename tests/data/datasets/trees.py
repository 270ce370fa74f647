"""Small cohorts on disk in the layouts of their publishers; every patient is invented."""

import csv
import io

import numpy as np
from PIL import Image

from tests.data.dicom_files import DicomOptions, write_dicom

UID = "1.3.6.1.4.1.9590.100.1.2"
CBIS_COLUMNS = {
    "mass": ("breast_density", "mass shape", "mass margins"),
    "calc": ("breast density", "calc type", "calc distribution"),
}
CHEXPERT_LABELS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion",
    "Edema", "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
    "Pleural Other", "Fracture", "Support Devices",
)  # fmt: skip
NIH_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
NIH_2020 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position,"
    "OriginalImageWidth,OriginalImageHeight,OriginalImagePixelSpacing_x,OriginalImagePixelSpacing_y"
)


def write_csv(path, rows):
    """Rows of cells, the header first, quoted where they must be."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def write_png(path, pixels=None):
    """A film; grey 100 of 64 x 48 unless other pixels are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((64, 48), 100, np.uint8) if pixels is None else pixels
    Image.fromarray(pixels).save(path, "PNG")
    return path


def cbis_row(kind, split, patient, **changes):
    """A row of a case description with its folders, as published; `changes` replace cells."""
    place = {"side": "LEFT", "view": "CC", "number": "1"} | changes
    film = f"{kind.title()}-{'Training' if split == 'train' else 'Test'}_{patient}"
    film += f"_{place['side']}_{place['view']}"
    lesion = f"{film}_{place['number']}"
    first, second = {"mass": ("OVAL", "SPICULATED"), "calc": ("PUNCTATE", "CLUSTERED")}[kind]
    cells = {
        "patient_id": patient,
        CBIS_COLUMNS[kind][0]: "2",
        "left or right breast": place["side"],
        "image view": place["view"],
        "abnormality id": place["number"],
        "abnormality type": {"mass": "mass", "calc": "calcification"}[kind],
        CBIS_COLUMNS[kind][1]: first,
        CBIS_COLUMNS[kind][2]: second,
        "assessment": "4",
        "pathology": "MALIGNANT",
        "subtlety": "4",
        "image file path": f"{film}/{UID}.11/{UID}.12/000000.dcm",
        # As in the tables: the last path cell but one, or the last, ends in a line feed.
        "cropped image file path": f"{lesion}/{UID}.21/{UID}.22/000000.dcm",
        "ROI mask file path": f"{lesion}/{UID}.21/{UID}.22/000001.dcm\n",
    }
    return cells | {name: cell for name, cell in changes.items() if name in cells}


def write_cbis_table(folder, kind, split, rows):
    """One of the four tables."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return write_csv(folder / f"{kind}_case_description_{split}_set.csv", lines)


def cbis_pixels():
    """A film with a bright lesion, the crop of the lesion, and its mask, all as 16 or 8 bits."""
    film = np.random.default_rng(0).integers(1000, 2000, (200, 120)).astype(np.uint16)
    film[40:80, 30:70] += 20_000
    mask = np.zeros((200, 120), np.uint8)
    mask[40:80, 30:70] = 255
    return film, film[36:84, 26:74].copy(), mask


def write_cbis_films(folder, row, *, swapped=False):
    """The film's folder and the lesion's; swapped, the mask lies where the table says crop."""
    film, crop, mask = cbis_pixels()
    first, second = (mask, crop) if swapped else (crop, mask)
    columns = ("image file path", "cropped image file path", "ROI mask file path")
    for column, pixels in zip(columns, (film, first, second), strict=True):
        path = folder / row[column].strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write_dicom(pixels, DicomOptions()))


def chexpert_row(path, *form, **labels):
    """A row of train.csv: path, sex, age, frontal or lateral, AP or PA, then the labels given."""
    return [path, *form, *(labels.get(name.replace(" ", "_"), "") for name in CHEXPERT_LABELS)]


CHEXPERT_HEADER = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT_LABELS]
