"""A hip phantom as a DICOM file, as a digital X-ray unit would send it."""

from pydicom import uid
from pydicom.dataset import Dataset

from xattn.phantoms.file import phantom_file
from xattn.phantoms.hip import Phantom, World


def hip_file(phantom: Phantom, world: World) -> bytes:
    """The bytes of a Digital X-Ray Image (PS3.3 A.26)."""
    facts = Dataset()
    facts.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    facts.PatientSex, facts.PatientAge = world.causes.sex[0], f"{world.causes.age:03d}Y"
    facts.Modality, facts.BodyPartExamined = "DX", "HIP"
    facts.ImageLaterality, facts.ViewPosition = phantom.side, "AP"
    return phantom_file(phantom, f"PHANTOM-HIP-{world.seed}", facts)
