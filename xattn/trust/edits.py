"""Edits of a form, and what a game's model says of many forms with the film as it is."""

from collections.abc import Sequence

import numpy as np
import torch

from xattn.data.clinical import Form, Schema
from xattn.data.fields import Value
from xattn.errors import SchemaError
from xattn.explain.base import FORMS_AT_ONCE, Game, Steps


def edited(schema: Schema, form: Form, name: str, entry: Value) -> Form | None:
    """The form with another entry, what is derived following; None where the form refuses it."""
    try:
        return schema.check({**schema.plain(form), name: entry})
    except SchemaError:
        return None


def values_of_forms(game: Game, forms: Sequence[Form]) -> Steps[np.ndarray]:
    """Values (M,) of forms with the game's film: fusion alone."""
    encodings = [game.schema.encode(form) for form in forms]
    values = np.array([encoding.values for encoding in encodings])
    known = np.array([encoding.known for encoding in encodings])
    return values_of(game, values, known)


def values_of(game: Game, values: np.ndarray, known: np.ndarray) -> Steps[np.ndarray]:
    """Values (M,) float64 of encoded forms, slots (M, S) and known (M, F), with the game's film."""
    parts = []
    for start in range(0, len(values), FORMS_AT_ONCE):
        part = slice(start, start + FORMS_AT_ONCE)
        slots, masks = (
            torch.from_numpy(each[part]).to(game.model.device)
            for each in (values.astype(np.float32), known)
        )
        with torch.no_grad():
            scores = game.model.module.fuse(game.film.tokens, slots, masks).scores.double()
        parts.append(game.target.of(scores).cpu().numpy())
        yield min(1.0, (start + FORMS_AT_ONCE) / len(values))
    return np.concatenate(parts) if parts else np.zeros(0)
