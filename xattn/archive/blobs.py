"""Files kept under the hash of their content: the same film twice takes no more room."""

import hashlib
import os
import uuid

import fsspec
from fsspec.implementations.local import LocalFileSystem

from xattn.errors import ArchiveError


class Blobs:
    """A folder, or any other place that fsspec can name, of files called by their SHA-256.

    A file is there whole or not at all: it is written under another name, forced to the disk, and
    renamed.
    """

    def __init__(self, place: str) -> None:
        self._files, root = fsspec.core.url_to_fs(place)
        self._root = root.rstrip("/")
        self._files.makedirs(f"{self._root}/parts", exist_ok=True)

    def put(self, content: bytes) -> str:
        """Keep the content; give back its name."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        if not self._files.exists(path):
            part = f"{self._root}/parts/{uuid.uuid4().hex}"
            with self._files.open(part, "wb") as stream:
                stream.write(content)
                stream.flush()
                if isinstance(self._files, LocalFileSystem):
                    os.fsync(stream.fileno())
            folder = path.rpartition("/")[0]
            self._files.makedirs(folder, exist_ok=True)
            self._files.mv(part, path)
            if isinstance(self._files, LocalFileSystem):
                _settle(folder)
                _settle(self._root)
        return name

    def get(self, name: str) -> bytes:
        """The content of this name.

        Raises:
            ArchiveError: if it is not there, or no longer what it was.
        """
        try:
            content: bytes = self._files.cat_file(self._path(name))
        except FileNotFoundError:
            raise ArchiveError("A stored file is missing; restore it from a backup.") from None
        if hashlib.sha256(content).hexdigest() != name:
            raise ArchiveError("A stored file has changed on the disk; restore it from a backup.")
        return content

    def _path(self, name: str) -> str:
        return f"{self._root}/{name[:2]}/{name}"


def _settle(folder: str) -> None:
    """Force a folder's names to the disk: a file whose name is lost is lost with it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
