"""Explanations, with their evidence, for cross-attention models of radiographs and forms.

`xattn.load("breast")` gives an engine that reads a case, predicts and explains;
`xattn.read_image(path)` gives a radiograph alone. Importing xattn loads neither torch nor a page.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from xattn.data.radiograph import Radiograph
    from xattn.runtime.engine import Engine

__version__ = "0.1.0"


def load(name_or_folder: "str | Path", *, device: str = "auto") -> "Engine":
    """A system's shipped model by name, or any checkpoint by its folder, ready to read cases.

    Raises:
        XattnError: if there is no such system or folder, or the checkpoint or device is not usable.
    """
    from xattn.runtime.engine import load as load_engine

    return load_engine(name_or_folder, device=device)


def read_image(source: "str | Path | bytes | BinaryIO") -> "Radiograph":
    """A radiograph from a DICOM, PNG, JPEG or TIFF file.

    Raises:
        IntakeError: in one sentence, whatever is wrong with the file.
    """
    from xattn.data.intake import read_image as read

    return read(source)
