"""Faults of the program in the log: where they happened, never what they said."""

import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from xattn.errors import XattnError

Result = TypeVar("Result")

STEPS = 6
"""Innermost calls that are named."""


def log_fault(logger: logging.Logger, what: str, fault: BaseException) -> None:
    """Log a fault's kind and place; its message and values stay out: they may be a patient's."""
    places = [f"{step.name}:{step.lineno}" for step in traceback.extract_tb(fault.__traceback__)]
    logger.error("%s failed: %s at %s", what, type(fault).__name__, " > ".join(places[-STEPS:]))


def attempt(
    logger: logging.Logger, what: str, work: Callable[[], Result]
) -> tuple[Result | None, XattnError | None]:
    """What one of many pieces of work gave, or its refusal; the others go on either way.

    A fault of the program is logged as `what`, and refused without its words.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:  # its future carries whatever was raised
        done = thread.submit(work)
    fault = done.exception()
    if fault is None:
        return done.result(), None
    if isinstance(fault, XattnError):
        return None, fault
    log_fault(logger, what, fault)
    return None, XattnError(f"{what} ended through a fault of the program; it was logged.")
