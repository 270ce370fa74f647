"""Who may reach a server, and how long a sign-in lasts: decided here, for any kind of server."""

import ipaddress
import threading
import time
from collections.abc import Callable, Mapping

from xattn.errors import AccessError

IDLE_MINUTES = 30.0
"""After how long without use one must sign in again, unless it is set otherwise."""
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
"""What sign-in needs to be told; all but the second are the provider's words."""
SHORTEST_SECRET = 32
"""Characters of the secret that signs the browser's cookie: who guesses it is anybody."""


def is_loopback(address: str) -> bool:
    """Whether a server at this address, or a request to it, stays on this machine.

    `address` is a name, an IPv4 or IPv6 address, with a port or without, or a Unix socket's; an
    empty one means every network.
    """
    if address.startswith("unix://"):
        return True
    host = address.strip().lower()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_sign_in(address: str, settings: Mapping[str, object]) -> None:
    """Refuse to serve others without sign-in, and to serve anybody with half of it.

    `settings` are those of the provider, empty where nobody signs in.

    Raises:
        AccessError: saying what is missing.
    """
    if not settings:
        if not is_loopback(address):
            raise AccessError(
                "A server that others can reach needs sign-in, however none is configured; see "
                "docs/archive.md, or serve this machine alone."
            )
        return
    if missing := [name for name in NEEDED if not settings.get(name)]:
        raise AccessError(
            f"Sign-in needs {' and '.join(missing)} under [auth] in secrets.toml; see "
            "docs/archive.md."
        )
    if len(str(settings["cookie_secret"])) < SHORTEST_SECRET:
        raise AccessError(
            f"The cookie_secret of sign-in must have at least {SHORTEST_SECRET} random characters; "
            "write a longer one."
        )


def idle_seconds(minutes: str) -> float:
    """How long a sign-in may rest, from what an environment says in minutes; empty: the default.

    Raises:
        AccessError: if it is no positive number of at most a day.
    """
    try:
        value = float(minutes or IDLE_MINUTES)
    except ValueError:
        value = 0.0
    if not 0 < value <= 24 * 60:
        raise AccessError("The idle time must be minutes, above 0 and up to 1,440; set it again.")
    return 60 * value


class SignIns:
    """When each sign-in was last used: one that rested too long, or was ended, is over.

    A sign-in is a name and the moment at which the provider vouched for it, so that one browser's
    tabs share it, and the next sign-in of the same person is another. Kept in memory alone: after a
    restart one that the provider vouched for long ago is over.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self.seconds = seconds
        self._clock = clock
        self._used: dict[tuple[str, float], float] = {}
        self._ended: set[tuple[str, float]] = set()
        self._lock = threading.Lock()

    def begin(self, name: str, at: float) -> bool:
        """Whether this is the first that is seen of a sign-in that is not over."""
        with self._lock:
            is_first = (name, at) not in self._used and not self._is_over(name, at)
            if is_first:
                self._forget()
                self._used[name, at] = self._clock()
            return is_first

    def use(self, name: str, at: float) -> None:
        """Note that the person did something; what is over stays over."""
        with self._lock:
            if not self._is_over(name, at):
                self._used[name, at] = self._clock()

    def end(self, name: str, at: float) -> bool:
        """End a sign-in in every tab; whether it was under way until now."""
        with self._lock:
            was_under_way = (name, at) in self._used and (name, at) not in self._ended
            self._ended.add((name, at))
            return was_under_way

    def is_over(self, name: str, at: float) -> bool:
        """Whether one must sign in again."""
        with self._lock:
            return self._is_over(name, at)

    def _is_over(self, name: str, at: float) -> bool:
        last = max(at, self._used.get((name, at), at))
        return (name, at) in self._ended or self._clock() - last > self.seconds

    def _forget(self) -> None:
        """Drop what its age alone ends; called with the lock held."""
        old = self._clock() - self.seconds
        rested = [key for key, used in self._used.items() if max(used, key[1]) < old]
        for key in rested:
            del self._used[key]
        self._ended = {key for key in self._ended if key in self._used or key[1] >= old}
