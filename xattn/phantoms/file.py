"""A phantom as a DICOM file, as its X-ray unit would send it."""

import io
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite

from xattn.phantoms import MAKER


class Drawn(Protocol):
    """What the file needs of a phantom."""

    @property
    def pixels(self) -> NDArray[np.uint16]:
        """Stored values (H, W)."""

    @property
    def bits(self) -> int:
        """Bits that are used of 16."""

    @property
    def is_inverted(self) -> bool:
        """MONOCHROME1: the lowest stored value is white."""

    @property
    def spacing_mm(self) -> float:
        """Between the middles of pixels."""


def phantom_file(phantom: Drawn, name: str, facts: Dataset) -> bytes:
    """The bytes of a file For Presentation, with the facts of its unit, view and patient.

    Lossless JPEG 2000; its one window spans all values, so what a viewer shows by default is what
    training saw. The same phantom gives the same bytes. `name`, such as PHANTOM-HIP-7, is the
    patient's.
    """
    dataset = Dataset()
    dataset.update(facts)
    dataset.SOPInstanceUID = uid.generate_uid(entropy_srcs=[name, "image"])
    dataset.StudyInstanceUID = uid.generate_uid(entropy_srcs=[name, "study"])
    dataset.SeriesInstanceUID = uid.generate_uid(entropy_srcs=[name, "series"])
    family, *given = name.split("-")
    dataset.PatientName, dataset.PatientID = f"{family}^{' '.join(given)}", name
    dataset.PatientBirthDate = ""
    dataset.Manufacturer = MAKER
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


def _describe_values(dataset: Dataset, phantom: Drawn) -> None:
    levels = 2**phantom.bits
    dataset.Rows, dataset.Columns = phantom.pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, phantom.bits, phantom.bits - 1
    dataset.PhotometricInterpretation = "MONOCHROME1" if phantom.is_inverted else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if phantom.is_inverted else "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = levels // 2, levels
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, 0, "US"
