"""Files under the hash of their content: whole or not there, on a disk or elsewhere."""

import hashlib
import os
import uuid
from pathlib import Path

import pytest

from xattn.archive.blobs import Blobs
from xattn.errors import ArchiveError

# FIPS 180-2, appendix B.1: the SHA-256 of "abc".
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_name_is_the_hash_and_its_folder_the_first_two_letters(tmp_path):
    blobs = Blobs(str(tmp_path / "deep" / "files"))
    assert blobs.put(b"abc") == ABC
    assert files(tmp_path / "deep" / "files") == [f"ba/{ABC}"]
    assert (tmp_path / "deep" / "files" / "ba" / ABC).read_bytes() == b"abc"


@pytest.mark.parametrize("content", [b"", b"\0", bytes(range(256)) * 4096])
def test_what_is_put_is_what_is_got(tmp_path, content):
    blobs = Blobs(str(tmp_path))
    name = blobs.put(content)
    assert name == hashlib.sha256(content).hexdigest()
    assert blobs.get(name) == content
    assert Blobs(str(tmp_path)).get(name) == content


def test_the_same_twice_is_one_file_and_is_not_written_again(tmp_path):
    blobs = Blobs(str(tmp_path))
    path = tmp_path / "ba" / blobs.put(b"abc")
    before = path.stat()
    assert Blobs(f"{tmp_path}/").put(b"abc") == ABC
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert files(tmp_path) == [f"ba/{ABC}"]


def test_what_is_missing_is_said_without_a_path(tmp_path):
    blobs = Blobs(str(tmp_path))
    with pytest.raises(ArchiveError, match="missing; restore it from a backup") as refusal:
        blobs.get(ABC)
    assert str(tmp_path) not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize("damaged", [b"", b"ab", b"abd", b"abc\0"])
def test_what_has_changed_is_refused(tmp_path, damaged):
    blobs = Blobs(str(tmp_path))
    blobs.put(b"abc")
    (tmp_path / "ba" / ABC).write_bytes(damaged)
    with pytest.raises(ArchiveError, match="changed on the disk"):
        blobs.get(ABC)


def test_what_was_interrupted_is_never_seen(tmp_path):
    first = Blobs(str(tmp_path))
    (tmp_path / "parts" / uuid.uuid4().hex).write_bytes(b"ab")
    (tmp_path / "parts" / ABC).write_bytes(b"abc")
    with pytest.raises(ArchiveError, match="missing"):
        first.get(ABC)
    assert Blobs(str(tmp_path)).put(b"abc") == ABC
    assert first.get(ABC) == b"abc"
    assert len(files(tmp_path / "parts")) == 2


def test_a_disk_that_fails_before_the_rename_leaves_no_file(tmp_path, monkeypatch):
    blobs = Blobs(str(tmp_path))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("xattn.archive.blobs.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            blobs.put(b"abc")
    assert not (tmp_path / "ba").exists()
    assert blobs.get(blobs.put(b"abc")) == b"abc"


def test_the_disk_has_a_file_before_its_name_does(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("xattn.archive.blobs._settle", seen.append)
    monkeypatch.setattr(
        "xattn.archive.blobs.os.fsync",
        lambda _: seen.append([path.read_bytes() for path in (tmp_path / "parts").iterdir()]),
    )
    monkeypatch.setattr(
        "fsspec.implementations.local.LocalFileSystem.mv",
        lambda _, part, path: seen.append([Path(part).read_bytes(), Path(path).exists()]),
    )
    Blobs(str(tmp_path)).put(b"abc")
    # Then the folder that names the file, and the one that names the folder.
    assert seen == [[b"abc"], [b"abc", False], f"{tmp_path}/ba", str(tmp_path)]


def test_the_names_of_both_folders_are_forced_to_the_disk(tmp_path, monkeypatch):
    synced = []
    settle = os.fsync
    monkeypatch.setattr(
        "xattn.archive.blobs.os.fsync",
        lambda handle: synced.append(os.fstat(handle).st_ino) or settle(handle),
    )
    Blobs(str(tmp_path)).put(b"abc")
    assert synced[1:] == [(tmp_path / "ba").stat().st_ino, tmp_path.stat().st_ino]


def test_a_place_that_is_no_disk_keeps_files_too():
    place = f"memory://{uuid.uuid4().hex}/files"
    blobs = Blobs(place)
    assert blobs.put(b"abc") == blobs.put(b"abc") == ABC
    assert Blobs(place).get(ABC) == b"abc"
    with pytest.raises(ArchiveError, match="missing"):
        blobs.get(hashlib.sha256(b"").hexdigest())


def test_a_place_may_be_named_as_a_url(tmp_path):
    assert Blobs(f"file://{tmp_path}").put(b"abc") == ABC
    assert Blobs(str(tmp_path)).get(ABC) == b"abc"
