"""Writes DICOM files in memory, one generated case per property of an image."""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

Table = tuple[tuple[int, ...], int, int]
"""Entries, the first value that is mapped, and bits of the output."""

IDENTITY = {
    "PatientName": "Doe^Jane",
    "PatientID": "ID-4711",
    "PatientBirthDate": "19500615",
    "AccessionNumber": "ACC-815",
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.1",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.2",
    "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.3",
}
"""An invented patient, in every generated file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomOptions:
    """How the pixels are described; elements of `extra` are set last and win (None removes)."""

    photometric: str = "MONOCHROME2"
    bits_stored: int | None = None
    transfer_syntax: str = uid.ExplicitVRLittleEndian
    slope: float | None = None
    intercept: float | None = None
    modality_table: Table | None = None
    voi_tables: tuple[Table, ...] = ()
    windows: tuple[tuple[float, float], ...] = ()
    window_function: str = ""
    frames: int | None = None
    extra: tuple[tuple[str, object], ...] = ()


def write_dicom(pixels: np.ndarray, options: DicomOptions | None = None) -> bytes:
    """The bytes of a DX file with `pixels` (H, W), (H, W, 3) or (frames, H, W), 8 or 16 bits."""
    options = options or DicomOptions()
    dataset = Dataset()
    for keyword, value in IDENTITY.items():
        setattr(dataset, keyword, value)
    dataset.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    dataset.Modality = "DX"
    _describe_pixels(dataset, pixels, options)
    _describe_values(dataset, options)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = options.transfer_syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # Some cases break a rule of the standard on purpose, of which pydicom warns.
        warnings.simplefilter("ignore")
        _override(dataset, options.extra)
        dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def _override(dataset: Dataset, extra: tuple[tuple[str, object], ...]) -> None:
    for keyword, value in extra:
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)


def _describe_pixels(dataset: Dataset, pixels: np.ndarray, options: DicomOptions) -> None:
    is_colour = options.photometric not in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
    dataset.SamplesPerPixel = 3 if is_colour else 1
    if is_colour:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = options.photometric
    dataset.Rows, dataset.Columns = pixels.shape[-3:-1] if is_colour else pixels.shape[-2:]
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored = options.bits_stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    if options.frames is not None:
        dataset.NumberOfFrames = options.frames
    order = ">" if options.transfer_syntax == uid.ExplicitVRBigEndian else "<"
    content = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"


def _describe_values(dataset: Dataset, options: DicomOptions) -> None:
    if options.slope is not None:
        dataset.RescaleSlope, dataset.RescaleIntercept = options.slope, options.intercept or 0
    if options.modality_table is not None:
        item = _lut_item(options.modality_table)
        item.ModalityLUTType = "US"
        dataset.ModalityLUTSequence = Sequence([item])
    if options.voi_tables:
        dataset.VOILUTSequence = Sequence([_lut_item(table) for table in options.voi_tables])
    if options.windows:
        dataset.WindowCenter = [centre for centre, _ in options.windows]
        dataset.WindowWidth = [width for _, width in options.windows]
    if options.window_function:
        dataset.VOILUTFunction = options.window_function


def _lut_item(table: Table) -> Dataset:
    entries, first, bits = table
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 2**16, first, bits])
    is_long = 2 * len(entries) > 0xFFFE  # beyond what the length of VR US can say
    content = np.array(entries, dtype="<u2").tobytes() if is_long else list(entries)
    item.add_new("LUTData", "OW" if is_long else "US", content)
    return item
