"""A breast phantom as a DICOM file, as a mammography unit would send it."""

from pydicom import uid
from pydicom.dataset import Dataset

from xattn.phantoms.breast import Phantom, World
from xattn.phantoms.file import phantom_file


def breast_file(phantom: Phantom, world: World) -> bytes:
    """The bytes of a Digital Mammography X-Ray Image (PS3.3 A.27)."""
    facts = Dataset()
    facts.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    facts.PatientSex = "F"
    facts.Modality, facts.BodyPartExamined = "MG", "BREAST"
    facts.ImageLaterality, facts.ViewPosition = world.breast.side, world.breast.view
    return phantom_file(phantom, f"PHANTOM-{world.seed}", facts)
