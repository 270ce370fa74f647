"""The same film twice: by the hash of its canonical pixels, whatever file it came in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from xattn.trust.finding import Finding, passed


def duplicate_groups(hashes: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The places of films with equal `Radiograph.pixel_sha256`, two or more to a group.

    A lossy copy is another picture and is not found.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, value in enumerate(hashes):
        places[value].append(place)
    return tuple(tuple(group) for group in places.values() if len(group) > 1)


def check_duplicate(pixel_sha256: str, earlier: Iterable[str]) -> Finding:
    """Whether the film's pixels equal those of a film that was read before."""
    if pixel_sha256 in set(earlier):
        reason = "The same pixels were read before in this list: is it the right film?"
        return Finding("duplicate", "warn", reason)
    return passed("duplicate", "No other film of this list has the same pixels.")
