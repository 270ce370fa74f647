"""What a model says of one film under many forms, kept so that an edit meets only the new ones."""

from collections.abc import Callable

import numpy as np

Scored = Callable[[np.ndarray], np.ndarray]
"""From rows of forms, by number, to their raw scores (rows, outputs)."""


class Coalitions:
    """Raw scores of one film's tokens under the forms that were asked for last.

    After an edit of one entry half of the coalitions of fields are there already: those without it.
    """

    def __init__(self) -> None:
        self._kept: dict[bytes, np.ndarray] = {}

    def scores(self, forms: np.ndarray, make: Scored, *, batch: int) -> np.ndarray:
        """Scores (M, outputs) of forms (M, ·), one row for all that the model sees of each.

        What is new is made in whole batches, filled up with forms that are known: the scores are
        those that all of them made at once would have, to the bit.
        """
        names = [form.tobytes() for form in forms]
        is_kept = np.array([name in self._kept for name in names])
        missing = (~is_kept).sum()
        wanted = min(len(forms), -(-missing // batch) * batch)
        rows = np.sort(np.argsort(is_kept, kind="stable")[:wanted])
        if missing:
            self._kept |= dict(zip((names[row] for row in rows), make(rows), strict=True))
        scores = np.array([self._kept[name] for name in names])
        self._kept = dict(zip(names, scores, strict=True))
        return scores
