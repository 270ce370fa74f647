"""A program of its own: one compressed frame on standard input, its pixels on standard output.

GDCM is the only permissive decoder of JPEG Lossless, JPEG-LS and 12-bit JPEG, and it ends the
whole process on about 1 in 100 damaged frames (an exception that no one catches). So it runs
where it can end nobody else's session, under limits of memory and time; see `isolated.py`.
"""

import json
import sys

MEMORY_BYTES = 4 * 2**30
CPU_SECONDS = 60


def main() -> None:
    """Read one line of JSON, then the frame; write the pixels, little-endian, by pixel."""
    limit_resources()
    request = json.loads(sys.stdin.buffer.readline())
    sys.stdout.buffer.write(decompressed(sys.stdin.buffer.read(), request))


def limit_resources() -> None:
    """Bound memory and time, on systems that can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def decompressed(frame: bytes, request: dict[str, str | int]) -> bytes:
    """The pixels of a frame; the request names syntax, rows, columns, channels, bits, bytes."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    pixel_data = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    pixel_data.SetValue(fragments.__ref__())

    bits, channels = request["bits"], request["channels"]
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((request["columns"], request["rows"], 1))
    photometric = "MONOCHROME2" if channels == 1 else "RGB"
    image.SetPhotometricInterpretation(
        gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.GetPIType(photometric))
    )
    syntax = gdcm.TransferSyntax.GetTSType(request["syntax"])
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(
        gdcm.PixelFormat(channels, 8 * int(request["bytes"]), bits, int(bits) - 1, 0)
    )
    image.SetDataElement(pixel_data)
    # The binding hands the buffer out as text; this is its own way back to bytes.
    pixels: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")
    return pixels


if __name__ == "__main__":
    main()
