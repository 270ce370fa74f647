"""A chest phantom as a DICOM file, and the chest cases that are shipped with the app."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite

from xattn.phantoms import MAKER
from xattn.phantoms.chest import Phantom, Settings, World, draw, sample_world

ROWS = 1000
"""Height of a sample's film in pixels: 0.4 mm each."""


def chest_file(phantom: Phantom, world: World) -> bytes:
    """The bytes of a Digital X-Ray Image (PS3.3 A.26), For Presentation.

    Lossless JPEG 2000; its one window spans all values, so what a viewer shows by default is what
    training saw. The same phantom gives the same bytes. The patient is named PHANTOM.
    """
    name = f"PHANTOM-CHEST-{world.seed}"
    dataset = Dataset()
    dataset.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid.generate_uid(entropy_srcs=[name, "image"])
    dataset.StudyInstanceUID = uid.generate_uid(entropy_srcs=[name, "study"])
    dataset.SeriesInstanceUID = uid.generate_uid(entropy_srcs=[name, "series"])
    dataset.PatientName, dataset.PatientID = f"PHANTOM^CHEST {world.seed}", name
    dataset.PatientBirthDate, dataset.PatientSex = "", str(world.form["sex"])[0]
    dataset.PatientAge = f"{int(world.form['age']):03d}Y"
    dataset.Manufacturer = MAKER
    dataset.Modality, dataset.BodyPartExamined = "DX", "CHEST"
    dataset.ImageLaterality, dataset.ViewPosition = "U", str(world.form["projection"])
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ImagerPixelSpacing = [f"{phantom.spacing_mm:.6f}"] * 2
    _describe_values(dataset, phantom)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.PixelData = phantom.pixels.tobytes()
    dataset.compress(uid.JPEG2000Lossless, generate_instance_uid=False)
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def _describe_values(dataset: Dataset, phantom: Phantom) -> None:
    levels = 2**phantom.bits
    dataset.Rows, dataset.Columns = phantom.pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, phantom.bits, phantom.bits - 1
    dataset.PhotometricInterpretation = "MONOCHROME1" if phantom.is_inverted else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if phantom.is_inverted else "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = levels // 2, levels
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, 0, "US"


@dataclass(frozen=True, slots=True)
class ChestSample:
    """A seed of the test part."""

    name: str
    seed: int


CHEST_SAMPLES = (
    ChestSample("1-no-finding", 30_000_006),
    ChestSample("2-heart-failure", 30_000_507),
    ChestSample("3-pneumothorax-and-fracture", 30_001_108),
    ChestSample("4-intensive-care", 30_000_275),
    ChestSample("5-nodule", 30_001_849),
    ChestSample("6-fracture-that-the-film-hides", 30_002_474),
)
"""From the test part, which training never saw, chosen for what their causes show."""


def write_chest_samples(folder: Path) -> None:
    """Write film.dcm and form.json of every sample below the folder."""
    for sample in CHEST_SAMPLES:
        world = sample_world(sample.seed, Settings())
        place = folder / sample.name
        place.mkdir(parents=True, exist_ok=True)
        (place / "film.dcm").write_bytes(chest_file(draw(world, size=ROWS), world))
        form = json.dumps(world.form, indent=2)
        (place / "form.json").write_text(form + "\n", encoding="utf-8")
