"""A hip phantom as a DICOM file, as a digital X-ray unit would send it."""

import io

from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite

from xattn.phantoms import MAKER
from xattn.phantoms.hip import Phantom, World


def hip_file(phantom: Phantom, world: World) -> bytes:
    """The bytes of a Digital X-Ray Image (PS3.3 A.26), For Presentation.

    Lossless JPEG 2000; its one window spans all values, so what a viewer shows by default is what
    training saw. The same phantom gives the same bytes. The patient is named PHANTOM.
    """
    name = f"PHANTOM-HIP-{world.seed}"
    dataset = Dataset()
    dataset.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid.generate_uid(entropy_srcs=[name, "image"])
    dataset.StudyInstanceUID = uid.generate_uid(entropy_srcs=[name, "study"])
    dataset.SeriesInstanceUID = uid.generate_uid(entropy_srcs=[name, "series"])
    dataset.PatientName, dataset.PatientID = f"PHANTOM^HIP {world.seed}", name
    dataset.PatientBirthDate, dataset.PatientSex = "", world.causes.sex[0]
    dataset.PatientAge = f"{world.causes.age:03d}Y"
    dataset.Manufacturer = MAKER
    dataset.Modality, dataset.BodyPartExamined = "DX", "HIP"
    dataset.ImageLaterality, dataset.ViewPosition = phantom.side, "AP"
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
