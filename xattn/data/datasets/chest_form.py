"""The chest form of a table's row; whole tables repeat few combinations of its four cells."""

from functools import lru_cache

from xattn.data.clinical import Form
from xattn.data.schemas import CHEST


@lru_cache(maxsize=4096)
def chest_form(
    view: str,
    *,
    age: str | float | None = None,
    sex: str | None = None,
    projection: str | None = None,
) -> Form:
    """The checked form; a lateral has no projection.

    Some frontal films of CheXpert say LL or RL, which are lateral: their projection is unknown.

    Raises:
        SchemaError: if a cell is impossible.
    """
    is_known = view == "FRONTAL" and projection not in ("LL", "RL")
    return CHEST.check(
        {"view": view, "age": age, "sex": sex, "projection": projection if is_known else None}
    )
