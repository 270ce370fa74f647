"""The front door: every kind of source, and files made to break it."""

import io
import logging
import os
import random
import struct
import time
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gdcm
import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from tests.data.dicom_files import IDENTITY, DicomOptions, write_dicom
from xattn.data import dicom_header, intake, isolated
from xattn.data.intake import read_image, read_with_identity
from xattn.errors import IntakeError

PIXELS = np.random.default_rng(0).integers(0, 4096, (64, 48)).astype(np.uint16)
DICOM = write_dicom(PIXELS, DicomOptions(bits_stored=12))
NATIVE_START = DICOM.index(b"\xe0\x7f\x10\x00")
COMPRESSED = {
    "JPEG Lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "JPEG-LS": gdcm.TransferSyntax.JPEGLSLossless,
    "JPEG 2000": gdcm.TransferSyntax.JPEG2000Lossless,
    "RLE": gdcm.TransferSyntax.RLELossless,
}


def png():
    stream = io.BytesIO()
    Image.fromarray(PIXELS.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def compressed(syntax, folder):
    """The same film, written by GDCM in another transfer syntax."""
    source, target = Path(folder) / "native.dcm", Path(folder) / "compressed.dcm"
    source.write_bytes(DICOM)
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(source))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target.read_bytes()


@pytest.fixture(scope="module", params=list(COMPRESSED))
def compressed_film(request, tmp_path_factory):
    return compressed(COMPRESSED[request.param], tmp_path_factory.mktemp("codec"))


def outcome(data):
    """The pixel hash or the sentence; anything else that is raised is a failure."""
    try:
        return read_image(data).pixel_sha256
    except IntakeError as refusal:
        return str(refusal)


def test_all_kinds_of_source_give_the_same_film(tmp_path):
    path = tmp_path / "film.txt"
    path.write_bytes(DICOM)
    with path.open("rb") as stream:
        films = [read_image(source) for source in (DICOM, path, str(path), stream)]
    assert len({film.pixel_sha256 for film in films}) == 1
    assert np.array_equal(films[0].values, PIXELS)


def test_content_decides_and_the_name_does_not(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(png())
    film, identity = read_with_identity(path)
    assert film.fact("source kind") == "png"
    assert identity is None
    assert read_with_identity(DICOM)[1].patient_id == IDENTITY["PatientID"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\0" * 500, "this is none of them"),
        (b"name,age\n1,2\n", "this is none of them"),
        (b"%PDF-1.7 ...", "this is a PDF"),
        (b"PK\x03\x04...", "this is a ZIP archive"),
        (b"BM6\x03", "this is a BMP"),
        (DICOM[:132], "Transfer Syntax UID"),
        (DICOM[128:], "this is none of them"),
        (DICOM[132:], "a DICOM data set without its DICM mark"),
        (DICOM[:NATIVE_START], "no pixel data, or is cut off"),
        (DICOM[:-200], "cut off or damaged"),
        (b"\x89PNG\r\n\x1a\n", "cut off, damaged"),
        (b"\xff\xd8\xff", "cut off, damaged"),
        (b"II*\0", "cut off, damaged"),
    ],
)
def test_what_is_no_film_gives_one_sentence(data, message):
    with pytest.raises(IntakeError, match=message) as refusal:
        read_image(data)
    text = str(refusal.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert refusal.value.__cause__ is None


def test_paths_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe", "/dev/zero", "a\0b"):
        with pytest.raises(IntakeError, match="there is none of that name") as refusal:
            read_image(path)
        assert str(tmp_path) not in str(refusal.value)


def test_a_stream_that_fails_is_refused():
    closed = io.BytesIO(DICOM)
    closed.close()
    for stream in (closed, object()):
        with pytest.raises(IntakeError, match="cannot be opened"):
            read_image(stream)


def test_a_file_above_the_bound_is_never_read_whole(monkeypatch, tmp_path):
    monkeypatch.setattr(intake, "MAX_FILE_BYTES", 1000)
    path = tmp_path / "large"
    path.write_bytes(DICOM)
    for source in (DICOM, path, io.BytesIO(DICOM)):
        with pytest.raises(IntakeError, match="A file of at most"):
            read_image(source)
    endless = io.BytesIO(DICOM)
    with pytest.raises(IntakeError):
        read_image(endless)
    assert endless.tell() == 1001


def test_every_lossless_encoding_is_the_same_film(compressed_film):
    film = read_image(compressed_film)
    assert np.array_equal(film.values, PIXELS)
    assert film.pixel_sha256 == read_image(DICOM).pixel_sha256


def test_damage_in_a_compressed_frame_gives_a_film_or_a_sentence(compressed_film):
    start = compressed_film.rindex(b"\xe0\x7f\x10\x00") + 12
    for seed in range(4):
        chance = random.Random(seed)
        damaged = bytearray(compressed_film)
        for _ in range(4):
            damaged[start + chance.randrange(len(damaged) - start)] = chance.randrange(256)
        assert outcome(bytes(damaged))


def test_a_frame_of_another_size_than_the_header_is_refused(compressed_film):
    taller = compressed_film.replace(
        b"\x28\x00\x10\x00US\x02\x00\x40\x00", b"\x28\x00\x10\x00US\x02\x00\x80\x00"
    )
    assert taller != compressed_film
    # RLE does not state its size; its segments end too early instead.
    is_rle = b"1.2.840.10008.1.2.5\0" in compressed_film
    reason = "cut off or damaged" if is_rle else "48 x 128 as in the header was"
    with pytest.raises(IntakeError, match=reason):
        read_image(taller)


def test_a_decoder_that_dies_hangs_or_lies_is_a_sentence(monkeypatch, tmp_path):
    data = compressed(COMPRESSED["JPEG Lossless"], tmp_path)
    program = tmp_path / "decoder.py"
    monkeypatch.setattr(isolated, "PROGRAM", program)
    monkeypatch.setattr(isolated, "SECONDS", 1)
    whole = f"import sys; sys.stdout.buffer.write(bytes({PIXELS.nbytes}))"
    program.write_text(whole)
    assert not read_image(data).values.any()
    for fault in (
        "import os; os.abort()",
        whole + "; sys.stdout.flush(); import os; os.abort()",
        "import time; time.sleep(60)",
        whole.replace(str(PIXELS.nbytes), str(PIXELS.nbytes - 1)),
        whole + "; sys.stderr.write('Corrupt JPEG data')",
        "raise MemoryError",
    ):
        program.write_text(fault)
        with pytest.raises(IntakeError, match="cut off or damaged"):
            read_image(data)


def test_the_file_cut_at_every_length_gives_a_sentence():
    for length in [*range(0, NATIVE_START + 40, 3), len(DICOM) - 1]:
        with pytest.raises(IntakeError):
            read_image(DICOM[:length])


@pytest.mark.parametrize("seed", range(4))
def test_damaged_headers_give_a_film_or_a_sentence(seed):
    chance = random.Random(seed)
    for _ in range(150):
        damaged = bytearray(DICOM)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(132, NATIVE_START + 12)] = chance.randrange(256)
        assert outcome(bytes(damaged))


def with_elements(elements, syntax=uid.ExplicitVRLittleEndian):
    """The file's own start, then these bytes as its data set."""
    data = write_dicom(PIXELS, DicomOptions(transfer_syntax=syntax))
    start = 144 + struct.unpack("<I", data[140:144])[0]
    return data[:start] + elements


NESTED_ITEM = struct.pack(
    "<HH2sHIHHI", 0x0008, 0x1140, b"SQ", 0, 2**32 - 1, 0xFFFE, 0xE000, 2**32 - 1
)
EMPTY_ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
INFLATED_BOUND = 16 * 2**20
"""In place of 256 MB, so that the tests stay quick."""

BOMBS = {
    "nesting": with_elements(NESTED_ITEM * 50_000),
    "empty items": with_elements(NESTED_ITEM[:12] + EMPTY_ITEM * 500_000),
    "empty elements": with_elements(struct.pack("<HH2sH", 0x0009, 1, b"LO", 0) * 500_000),
    "deflated zeros": with_elements(
        zlib.compress(bytes(24 * 2**20), wbits=-15), uid.DeflatedExplicitVRLittleEndian
    ),
    "deflated noise": with_elements(b"\xff" * 999, uid.DeflatedExplicitVRLittleEndian),
    "length of 4 GB": with_elements(struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 2**32 - 2)),
    "long text": with_elements(
        struct.pack("<HH2sHI", 0x0018, 0x15, b"UN", 0, 2**23) + bytes(2**23)
    ),
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_bombs_are_refused_at_once(name, monkeypatch):
    monkeypatch.setattr(dicom_header, "MAX_FILE_BYTES", INFLATED_BOUND)
    began = time.process_time()
    with pytest.raises(IntakeError):
        read_image(BOMBS[name])
    # Measured: 0.3 s for 50,000 steps through a header, else nothing.
    assert time.process_time() - began < 5


def test_a_deflated_bomb_inflates_no_further_than_a_file_may(monkeypatch):
    monkeypatch.setattr(dicom_header, "MAX_FILE_BYTES", INFLATED_BOUND)
    tracemalloc.start()
    with pytest.raises(IntakeError, match="inflates to more"):
        read_image(BOMBS["deflated zeros"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Twice, since zlib joins the pieces of its output at the end.
    assert peak < 2.1 * INFLATED_BOUND


def test_an_rle_bomb_stays_in_its_own_process():
    # Two segments whose run of two bytes unfolds to 128 each: 256 MB out of 4 MB.
    run = b"\x81\x00" * 2**20
    header = struct.pack("<16I", 2, 64, 64 + len(run), *[0] * 13)
    frame = header + run * 2
    element = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 2**32 - 1)
    items = struct.pack("<HHIHHI", 0xFFFE, 0xE000, 0, 0xFFFE, 0xE000, len(frame)) + frame
    start = 144 + struct.unpack("<I", DICOM[140:144])[0]
    bomb = DICOM[start:NATIVE_START] + element + items + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    native = DICOM[:start].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    assert native != DICOM[:start]
    tracemalloc.start()
    assert outcome(native + bomb)
    assert tracemalloc.get_traced_memory()[1] < 10 * len(frame)
    tracemalloc.stop()


NOISY = write_dicom(
    PIXELS, DicomOptions(extra=(("SpecificCharacterSet", "ISO_IR 100"), ("Rows", 60)))
).replace(b"ISO_IR 100", b"JANE DOE12")
"""pydicom warns of an unknown character set, which it quotes, and of pixels left over."""


def test_the_libraries_remarks_reach_neither_warnings_nor_logs(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        assert read_image(NOISY).shape == (60, 48)
        outcome(DICOM[:-200])
        outcome(png()[:-20])
    assert not raised
    assert "JANE" not in caplog.text
    assert capfd.readouterr() == ("", "")


def test_eight_threads_read_as_one_does(compressed_film):
    files = [DICOM, NOISY, png(), compressed_film, DICOM[:-200], b"x"] * 3
    alone = [outcome(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, files)) == alone
