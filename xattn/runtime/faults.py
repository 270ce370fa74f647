"""Faults of the program in the log: where they happened, never what they said."""

import logging
import traceback

STEPS = 6
"""Innermost calls that are named."""


def log_fault(logger: logging.Logger, what: str, fault: BaseException) -> None:
    """Log a fault's kind and place; its message and values stay out: they may be a patient's."""
    places = [f"{step.name}:{step.lineno}" for step in traceback.extract_tb(fault.__traceback__)]
    logger.error("%s failed: %s at %s", what, type(fault).__name__, " > ".join(places[-STEPS:]))
