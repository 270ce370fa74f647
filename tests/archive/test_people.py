"""A person may do what one of their roles may; the refusal names the roles that would do."""

from dataclasses import FrozenInstanceError
from itertools import chain, combinations
from typing import get_args

import pytest

from xattn.archive.people import LOCAL, Person, Role
from xattn.errors import AccessError

ROLES: tuple[Role, ...] = get_args(Role)
SETS = list(chain.from_iterable(combinations(ROLES, size) for size in range(len(ROLES) + 1)))


@pytest.mark.parametrize("held", SETS[1:])
@pytest.mark.parametrize("asked", SETS[1:])
def test_one_role_in_common_is_enough_and_none_is_not(held, asked):
    person = Person("Ann", held)
    if any(role in held for role in asked):
        person.require(*asked)
        return
    with pytest.raises(AccessError) as refusal:
        person.require(*asked)
    needed = " or ".join(asked)
    assert str(refusal.value) == f"This needs the role of {needed}; ask an administrator for it."


def test_nobody_may_do_what_no_role_is_named_for():
    with pytest.raises(AccessError):
        LOCAL.require()


def test_without_sign_in_everything_is_allowed():
    for role in ROLES:
        LOCAL.require(role)
    assert Person("local reader", ROLES) == LOCAL


def test_there_is_nobody_without_a_role_or_a_name():
    with pytest.raises(AccessError, match="You have no role here"):
        Person("Ann", ())
    with pytest.raises(AccessError, match="1 to 120 characters"):
        Person("", ROLES)


def test_the_refusal_does_not_name_the_person():
    with pytest.raises(AccessError) as refusal:
        Person("Dr Marie Example", ("reader",)).require("administrator")
    assert "Example" not in str(refusal.value)


def test_nobody_gives_themselves_a_role():
    with pytest.raises(FrozenInstanceError):
        Person("Ann", ("reader",)).roles = ROLES
