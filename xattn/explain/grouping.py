"""Contributions as they are shown: the film first, correlated fields as one with their parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from xattn.data.clinical import Schema

IMAGE = "image"
"""The film's name as a player."""


@dataclass(frozen=True, slots=True)
class Share:
    """One line: what a player adds, or a group of players whose parts cannot be told apart."""

    label: str
    parts: tuple[tuple[str, float], ...]

    @property
    def value(self) -> float:
        """The sum of its parts."""
        return sum(value for _, value in self.parts)


def grouped(players: Sequence[tuple[str, float]], schema: Schema) -> tuple[Share, ...]:
    """The players of an attribution: the film, then fields and groups by how much they add."""
    values = dict(players)
    shares: list[Share] = []
    for label, names in schema.groups:
        parts = tuple((name, values[name]) for name in names if name in values)
        if len(parts) > 1:
            shares.append(Share(label, parts))
            values = {name: value for name, value in values.items() if name not in names}
    film = [Share("Film", ((IMAGE, values.pop(IMAGE)),))] if IMAGE in values else []
    shares += [Share(schema[name].label, ((name, value),)) for name, value in values.items()]
    return (*film, *sorted(shares, key=lambda share: -abs(share.value)))
