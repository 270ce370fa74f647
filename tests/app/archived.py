"""What the page tests keep in the archive: a list with small films, and its cases opened."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.parts import resources, state
from pages.parts.film import texture
from pages.parts.state import Reading
from tests.app.conftest import APP, png
from xattn.archive.people import LOCAL, Person
from xattn.archive.reading import Opinion, record_read, revealed
from xattn.records import Case
from xattn.runtime.engine import Engine

FORM = {"lesion_type": "mass", "mass_shape": "OVAL"}
ANN = Person("Ann", ("reader",))
BEN = Person("Ben", ("reader",))


def listed(*, is_read_first: bool = True, name: str = "study") -> int:
    """A list of breast cases in the archive of the app."""
    archive = resources.archive()
    return archive.worklist(LOCAL, name, "breast", is_read_first=is_read_first, target="malignant")


def added(engine: Engine, worklist: int, seed: int = 0) -> int:
    """A case of a list."""
    made = case(engine, seed)
    return resources.archive().add(LOCAL, worklist, made, title=f"film {seed}", form=FORM)


def case(engine: Engine, seed: int = 0) -> Case:
    return engine.read(png(seed), FORM)


def opened(engine: Engine, number: int, seed: int = 0) -> AppTest:
    """The case page with a kept case in hand."""
    made = case(engine, seed)
    app = AppTest.from_file(str(APP), default_timeout=120)
    film = texture(made.film.radiograph)
    app.session_state[state.READING] = Reading(made, f"film {seed}", film, number=number)
    return app.run()


def decided(engine: Engine, person: Person, number: int, finding: float = 0.6) -> None:
    """A reader who read the case alone, saw the result, and accepts it."""
    archive = resources.archive()
    archive.keep(LOCAL, number, "prediction", engine.predict(case(engine)))
    record_read(archive, person, number, Opinion(finding, 0.5))
    revealed(archive, person, number)
    record_read(archive, person, number, Opinion(finding, 0.75), decision="accept")


def films(folder: Path, count: int = 3) -> Path:
    """A folder of films, and one file that is none."""
    folder.mkdir()
    for seed in range(count):
        (folder / f"{seed}.png").write_bytes(png(seed))
    (folder / "notes.txt").write_text("no film")
    return folder


def sent(app: AppTest) -> bytes:
    """All that the page sends to the browser, texts and data of components alike."""
    return b"".join(element.proto.SerializeToString() for element in app.main if element.proto)


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)
