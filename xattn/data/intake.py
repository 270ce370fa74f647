"""The front door: any file a person may offer -> a Radiograph, or one sentence why not."""

from pathlib import Path
from typing import BinaryIO

from xattn.data.limits import MAX_FILE_BYTES
from xattn.data.radiograph import Radiograph, SourceIdentity
from xattn.errors import IntakeError

Source = str | Path | bytes | BinaryIO
"""A path, the bytes of a file, or an open binary stream, read from where it stands."""

_RASTERS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_OTHER_KINDS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"RIFF": "a WebP or another RIFF file",
    b"\x00\x00\x00\x0cjP  ": "a bare JPEG 2000 file",
    b"\xff\x4f\xff\x51": "a bare JPEG 2000 file",
    b"II+\x00": "a BigTIFF",
    b"MM\x00+": "a BigTIFF",
    b"\x02\x00": "a DICOM data set without its DICM mark",
    b"\x08\x00": "a DICOM data set without its DICM mark",
}
_DICOM_PREFIX = slice(128, 132)


def read_image(source: Source) -> Radiograph:
    """The film in a file: DICOM, PNG, JPEG or TIFF, told apart by content, never by name.

    Raises:
        IntakeError: one sentence, for whatever reason the file cannot be read.
    """
    return read_with_identity(source)[0]


def read_with_identity(source: Source) -> tuple[Radiograph, SourceIdentity | None]:
    """The film, and whose it is if the file says so (DICOM alone does).

    Raises:
        IntakeError: one sentence, for whatever reason the file cannot be read.
    """
    data = source if isinstance(source, bytes) else _content(source)
    _check_length(len(data))
    if data[_DICOM_PREFIX] == b"DICM":
        from xattn.data.dicom import read_dicom

        return read_dicom(data)
    if data.startswith(_RASTERS):
        from xattn.data.image import read_raster

        return read_raster(data), None
    kind = next((name for start, name in _OTHER_KINDS.items() if data.startswith(start)), "")
    raise IntakeError(
        "A DICOM, PNG, JPEG or TIFF file was expected, however this is "
        f"{kind or 'none of them'}; export the image in one of these formats."
    )


def _content(source: str | Path | BinaryIO) -> bytes:
    """What the source holds, never more than one byte above the bound."""
    try:
        if not isinstance(source, str | Path):
            return _read(source)
        path = Path(source)
        # A device or a pipe may never end.
        if not path.is_file():
            raise IntakeError(
                "A file was expected, however there is none of that name; choose one."
            )
        _check_length(path.stat().st_size)
        with path.open("rb") as stream:
            return _read(stream)
    except (OSError, ValueError, AttributeError, TypeError):
        raise IntakeError("A readable file was expected, however it cannot be opened.") from None


def _read(stream: BinaryIO) -> bytes:
    return bytes(stream.read(MAX_FILE_BYTES + 1))


def _check_length(count: int) -> None:
    if count == 0:
        raise IntakeError("An image was expected, however the file is empty; export it again.")
    if count > MAX_FILE_BYTES:
        raise IntakeError(
            f"A file of at most {MAX_FILE_BYTES // 2**20} MB was expected, however it is larger; "
            "export a single image."
        )
