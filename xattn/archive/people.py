"""Who may do what: decided here, for pages, notebooks and the command line alike."""

from dataclasses import dataclass
from typing import Literal

from xattn.errors import AccessError

Role = Literal["reader", "adjudicator", "administrator"]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who is signed in, and their roles."""

    name: str
    roles: tuple[Role, ...]

    def require(self, *roles: Role) -> None:
        """Refuse unless the person has one of the roles.

        Raises:
            AccessError: naming the roles that would do.
        """
        if not set(roles) & set(self.roles):
            needed = " or ".join(roles)
            raise AccessError(f"This needs the role of {needed}; ask an administrator for it.")


LOCAL = Person("local reader", ("reader", "adjudicator", "administrator"))
"""Who reads on a machine without sign-in."""
