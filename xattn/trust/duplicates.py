"""The same film twice: by the hash of its canonical pixels, whatever file it came in."""

from collections.abc import Iterable

from xattn.trust.finding import Finding, passed, unchecked


def check_duplicate(pixel_sha256: str, earlier: Iterable[str] | None) -> Finding:
    """Whether the film's pixels equal those of an earlier one; None: there is no list to ask.

    Hashes are `Radiograph.pixel_sha256`; a lossy copy is another picture and is not found.
    """
    if earlier is None:
        return unchecked("duplicate", "no other films were given to compare with.")
    if pixel_sha256 in set(earlier):
        reason = "The same pixels were read before in this list: is it the right film?"
        return Finding("duplicate", "warn", reason)
    return passed("duplicate", "No other film of this list has the same pixels.")
