"""A chest phantom as a DICOM file, as a digital X-ray unit would send it."""

from pydicom import uid
from pydicom.dataset import Dataset

from xattn.phantoms.chest import Phantom, World
from xattn.phantoms.file import phantom_file


def chest_file(phantom: Phantom, world: World) -> bytes:
    """The bytes of a Digital X-Ray Image (PS3.3 A.26)."""
    facts = Dataset()
    facts.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    facts.PatientSex, facts.PatientAge = str(world.form["sex"])[0], f"{int(world.form['age']):03d}Y"
    facts.Modality, facts.BodyPartExamined = "DX", "CHEST"
    facts.ImageLaterality, facts.ViewPosition = "U", str(world.form["projection"])
    return phantom_file(phantom, f"PHANTOM-CHEST-{world.seed}", facts)
