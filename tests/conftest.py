"""Fixtures that all tests share: one tiny model, one tiny case."""

import sys

import pytest

from tests import tiny
from xattn.records import Case
from xattn.systems import LoadedModel

PROGRAM = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that runs takes the place of the program, and a new process would start with it."""
    monkeypatch.setitem(sys.modules, "__main__", PROGRAM)


@pytest.fixture(scope="session")
def tiny_model() -> LoadedModel:
    """The untrained breast model of seed 0; explainers leave it as it is."""
    return tiny.breast_model()


@pytest.fixture(scope="session")
def tiny_case() -> Case:
    """A synthetic film with a form of three known fields."""
    return tiny.case()
