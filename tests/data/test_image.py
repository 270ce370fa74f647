"""PNG, JPEG and TIFF files written here, and what is read of them."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from xattn.data.image import read_raster
from xattn.errors import IntakeError

GREY = (np.arange(40 * 50) % 256).astype(np.uint8).reshape(40, 50)
DEEP = (np.arange(40 * 50) * 30).astype(np.uint16).reshape(40, 50)


def saved(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_eight_bits_are_shown_as_stored(kind):
    film = read_raster(saved(Image.fromarray(GREY), kind))
    assert np.array_equal(film.values, GREY)
    assert np.array_equal(film.display(), GREY)
    assert film.fact("source kind") == kind.lower()
    assert film.fact("colour") == "grey"
    assert film.presets[1].name == "automatic"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_kept_and_shown_through_the_automatic_window(kind):
    film = read_raster(saved(Image.fromarray(DEEP), kind))
    assert np.array_equal(film.values, DEEP)
    assert film.fact("bits stored") == "16"
    assert [preset.name for preset in film.presets] == ["automatic", "as stored"]


@pytest.mark.parametrize(("order", "photometric"), [("<", 0), ("<", 1), (">", 1)])
def test_sixteen_bit_tiff_of_either_byte_order_and_polarity(order, photometric):
    film = read_raster(tiff_of(DEEP, order, photometric))
    assert np.array_equal(film.values, DEEP)
    # WhiteIsZero (PhotometricInterpretation 0, TIFF 6.0): low values are shown bright.
    assert film.is_inverted == (photometric == 0)


def tiff_of(values, order, photometric, pages=1):
    """A TIFF of one strip, written by hand: tag, type, count, value."""
    rows, columns = values.shape
    bits = 8 * values.dtype.itemsize
    strip = values.astype(values.dtype.newbyteorder(order)).tobytes()
    tags = [(256, columns), (257, rows), (258, bits), (259, 1), (262, photometric)]
    tags += [(273, 8), (277, 1), (278, rows), (279, len(strip))]
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    start = 8 + len(strip)
    length = 2 + len(entries) + 4
    magic = b"II*\0" if order == "<" else b"MM\0*"
    content = magic + struct.pack(f"{order}I", start) + strip
    for page in range(1, pages + 1):
        following = start + page * length if page < pages else 0
        content += struct.pack(f"{order}H", len(tags)) + entries
        content += struct.pack(f"{order}I", following)
    return content


def test_eight_bit_white_is_zero_tiff_is_inverted_once():
    film = read_raster(tiff_of(GREY, "<", 0))
    assert np.array_equal(film.display(), 255 - GREY)


def test_several_pages_are_refused():
    assert read_raster(tiff_of(DEEP, "<", 1, pages=1)).shape == (40, 50)
    with pytest.raises(IntakeError, match="holds several"):
        read_raster(tiff_of(DEEP, "<", 1, pages=2))


def test_jpeg_is_read_to_within_its_own_loss():
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    film = read_raster(saved(Image.fromarray(smooth), "JPEG", quality=95))
    # A ramp has no high frequencies: at quality 95 the quantiser's step is at most 2 greys.
    assert np.abs(film.values.astype(int) - smooth).max() <= 2


def test_grey_saved_as_colour_is_itself():
    film = read_raster(saved(Image.fromarray(np.stack([GREY] * 3, axis=-1))))
    assert np.array_equal(film.values, GREY)
    assert film.fact("colour") == "grey saved as colour"


def test_colour_becomes_luminance():
    colour = np.zeros((32, 32, 3), dtype=np.uint8)
    colour[:10], colour[10:20], colour[20:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    film = read_raster(saved(Image.fromarray(colour)))
    # 0.299, 0.587 and 0.114 of 255, rounded (BT.601).
    assert [film.values[row, 0] for row in (0, 10, 20)] == [76, 150, 29]
    assert film.fact("colour") == "colour reduced to luminance"


def test_palettes_are_looked_up():
    image = Image.fromarray(GREY).convert("P")
    image.putpalette([value for grey in range(256) for value in [255 - grey] * 3])
    assert np.array_equal(read_raster(saved(image)).values, 255 - GREY)


def test_transparent_parts_are_black_and_said():
    alpha = np.full_like(GREY, 255)
    alpha[:20] = 0
    film = read_raster(saved(Image.fromarray(np.stack([GREY, alpha], axis=-1), "LA")))
    assert not film.values[:20].any()
    assert np.array_equal(film.values[20:], GREY[20:])
    assert film.fact("colour") == "grey saved as colour, transparent parts put on black"


def test_cmyk_jpeg_is_converted():
    image = Image.new("CMYK", (40, 40), (0, 0, 0, 155))
    # White ink on all but black: K = 155 leaves 255 - 155; JPEG may move it by one.
    assert abs(int(read_raster(saved(image, "JPEG")).values[0, 0]) - 100) <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = Image.fromarray(GREY)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turned = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(read_raster(saved(turned, exif=exif)).values, GREY)


def chunk(name, content):
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png_of_size(columns, rows):
    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9))


@pytest.mark.parametrize(
    ("columns", "rows", "message"),
    [
        (16385, 40, "however: 16385 x 40"),
        (9000, 9000, "however: 9000 x 9000"),
        # Above 89 million pixels Pillow warns, above twice as many it refuses itself.
        (12000, 12000, "however: 12000 x 12000"),
        (40000, 40000, "at most 67 megapixels"),
        (31, 40, "however: 31 x 40"),
    ],
)
def test_size_is_refused_from_the_header_alone(columns, rows, message):
    with pytest.raises(IntakeError, match=message):
        read_raster(png_of_size(columns, rows))


def test_picture_cut_off_within_its_pixels():
    whole = saved(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)))
    with pytest.raises(IntakeError, match="cut off, damaged"):
        read_raster(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("1", "1 bit per pixel"), ("F", "floating-point"), ("I", "signed or 32-bit pixels")],
)
def test_depths_that_hold_no_film_are_refused(mode, reason):
    with pytest.raises(IntakeError, match=reason):
        read_raster(saved(Image.new(mode, (40, 40)), "TIFF"))


def test_trust_is_stated():
    film = read_raster(saved(Image.fromarray(GREY)))
    assert film.fact("trust") == "no bit depth, spacing or polarity is certain in a PNG file"
    assert film.spacing_mm is None
