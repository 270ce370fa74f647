"""Which servers ask for sign-in, and when a sign-in is over."""

import pytest

from xattn.errors import AccessError
from xattn.runtime.serving import NEEDED, SignIns, idle_seconds, is_loopback, require_sign_in

WHOLE = dict.fromkeys(NEEDED, "x" * 32)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.1", "::1", "[::1]:8501", "localhost", "LOCALHOST:8501", "a.localhost",
     "127.0.0.1:8501", "unix:///run/x.sock"],
)  # fmt: skip
def test_what_stays_on_this_machine(address):
    assert is_loopback(address)
    require_sign_in(address, {})


@pytest.mark.parametrize(
    "address",
    ["", "0.0.0.0", "::", "0", "192.168.1.7", "hospital.example", "hospital.example:443",
     "localhost.example", "::ffff:10.0.0.1", "fe80::1"],
)  # fmt: skip
def test_what_others_can_reach_needs_sign_in(address):
    assert not is_loopback(address)
    with pytest.raises(AccessError, match="A server that others can reach needs sign-in"):
        require_sign_in(address, {})
    require_sign_in(address, WHOLE)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("name", NEEDED)
def test_half_of_sign_in_is_none(address, name):
    for half in ({**WHOLE, name: ""}, {key: value for key, value in WHOLE.items() if key != name}):
        with pytest.raises(AccessError, match=f"Sign-in needs {name} under"):
            require_sign_in(address, half)


def test_a_short_secret_is_none():
    with pytest.raises(AccessError, match="at least 32 random characters"):
        require_sign_in("127.0.0.1", {**WHOLE, "cookie_secret": "x" * 31})


def test_idle_time_is_minutes():
    assert idle_seconds("") == 1800
    assert idle_seconds("0.5") == 30
    assert idle_seconds("1440") == 86400
    for text in ("0", "-1", "nan", "inf", "1441", "half an hour"):
        with pytest.raises(AccessError, match="must be minutes"):
            idle_seconds(text)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sign_ins(clock):
    return SignIns(60, clock)


def test_a_sign_in_lasts_while_it_is_used(sign_ins, clock):
    assert sign_ins.begin("ann", 1000)
    assert not sign_ins.begin("ann", 1000)
    for _ in range(5):
        clock.time += 60
        assert not sign_ins.is_over("ann", 1000)
        sign_ins.use("ann", 1000)
    clock.time += 60.5
    assert sign_ins.is_over("ann", 1000)
    # Use after the end does not bring it back; signing in again does.
    sign_ins.use("ann", 1000)
    assert sign_ins.is_over("ann", 1000)
    assert not sign_ins.begin("ann", 1000)
    assert sign_ins.begin("ann", clock.time)
    assert not sign_ins.is_over("ann", clock.time)


def test_an_ended_sign_in_is_over_in_every_tab_and_ends_once(sign_ins, clock):
    sign_ins.begin("ann", 1000)
    sign_ins.begin("ben", 1000)
    assert sign_ins.end("ann", 1000)
    assert not sign_ins.end("ann", 1000)
    assert sign_ins.is_over("ann", 1000)
    assert not sign_ins.is_over("ben", 1000)
    sign_ins.use("ann", 1000)
    assert sign_ins.is_over("ann", 1000)


def test_a_cookie_of_long_ago_is_over_and_was_never_under_way(sign_ins, clock):
    assert sign_ins.is_over("ann", 939)
    assert not sign_ins.is_over("ann", 940)
    assert not sign_ins.end("ann", 939)


def test_what_is_forgotten_stays_over(sign_ins, clock):
    sign_ins.begin("ann", 1000)
    sign_ins.begin("ben", 1000)
    sign_ins.end("ann", 1000)
    clock.time += 61
    assert sign_ins.begin("cleo", 1061)
    assert sign_ins.is_over("ann", 1000)
    assert sign_ins.is_over("ben", 1000)
    assert len(sign_ins._used) == 1
    assert sign_ins._ended == set()
