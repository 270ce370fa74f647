"""Who sits in front of the page, as the archive asks for it."""

from xattn.archive.people import LOCAL, Person


def person() -> Person:
    """The signed-in person, or the local reader where nobody signs in."""
    return LOCAL
