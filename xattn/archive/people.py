"""Who may do what: decided here, for pages, notebooks and the command line alike."""

from dataclasses import dataclass
from typing import Literal, get_args

from xattn.errors import AccessError

Role = Literal["reader", "adjudicator", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)
MOST_NAME = 120
"""Characters of a name: what the archive's columns hold."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who is signed in, and their roles; there is nobody without a role.

    Raises:
        AccessError: if there is no role, or the name is empty, too long or not printable.
    """

    name: str
    roles: tuple[Role, ...]

    def __post_init__(self) -> None:
        if not self.roles or not set(self.roles) <= set(ROLES):
            raise AccessError(NO_ROLE)
        if not 0 < len(self.name.strip()) <= len(self.name) <= MOST_NAME:
            raise AccessError(f"A name of 1 to {MOST_NAME} characters was expected; type another.")
        if not self.name.isprintable():
            raise AccessError("A name of printable characters was expected; type another.")

    def require(self, *roles: Role) -> None:
        """Refuse unless the person has one of the roles.

        Raises:
            AccessError: naming the roles that would do.
        """
        if not set(roles) & set(self.roles):
            needed = " or ".join(roles)
            raise AccessError(f"This needs the role of {needed}; ask an administrator for it.")


NO_ROLE = "You have no role here; ask an administrator for one."
LOCAL = Person("local reader", ROLES)
"""Who reads on a machine without sign-in."""
