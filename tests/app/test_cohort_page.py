"""The cohort page through the entry script: asking, progress, figures, errors, a case."""

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import cohort_run, resources, state
from tests.app.conftest import page_text, png
from xattn.archive.people import LOCAL
from xattn.runtime.cohort import Settings
from xattn.runtime.importing import import_films, plan

PAGE = "pages/cohort.py"


@pytest.fixture(autouse=True)
def _own_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XATTN_DATABASE", f"sqlite:///{tmp_path / 'archive.sqlite'}")
    monkeypatch.setenv("XATTN_FILES", str(tmp_path / "files"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Four films with forms and, for three of them, a reference standard."""
    folder = tmp_path / "films"
    folder.mkdir()
    for seed in range(4):
        (folder / f"{seed}.png").write_bytes(png(seed))
    rows = [(f"{n}.png", "mass", n + 1, "OVAL", n % 2 if n < 3 else "") for n in range(4)]
    for name, head, extra in (
        ("import.csv", ("file", "lesion_type", "density", "mass_shape", "truth"), ()),
        ("list.csv", ("image", "lesion_type", "density", "mass_shape", "malignant", "patient"), 1),
    ):
        with (tmp_path / name if name == "import.csv" else folder / name).open("w") as stream:
            written = [(*row, f"Doe {row[0]}") if extra else row for row in rows]
            csv.writer(stream).writerows([head, *written])
    return folder


@pytest.fixture
def filled(engine, films: Path) -> int:
    """The films in an open worklist."""
    archive = resources.archive()
    number = archive.worklist(LOCAL, "study", "breast", is_read_first=False)
    items = plan(films, engine.schema, manifest=films.parent / "import.csv")
    list(import_films(engine, archive, LOCAL, number, tuple(i for i in items if i.row)))
    return number


def button(app: AppTest, name: str):
    return next(each for each in app.button if each.label == name)


def ended(app: AppTest) -> AppTest:
    """The page once its run is over."""
    run = app.session_state[cohort_run.RUN]
    run.future.exception(120)
    return app.run()


def test_without_a_worklist_the_page_says_where_one_is_made(app: AppTest) -> None:
    app = app.switch_page(PAGE).run()
    assert not app.error
    assert "make one on the page Worklist" in page_text(app)
    assert "counts as shown to you" in page_text(app)


def test_a_worklist_gives_figures_and_says_what_few_cases_do_not_tell(
    app: AppTest, filled: int
) -> None:
    app = app.switch_page(PAGE).run()
    button(app, "Run").click().run()
    app = ended(app)
    assert not app.error
    text = page_text(app)
    assert "study: 4 of 4 cases, malignant" in text
    assert "Not drawn: too few: 3 cases, 20 are needed." in text
    assert "Asked without regions" in text
    assert len(app.get("plotly_chart")) == 2
    opens = [each.label for each in app.button if each.label.startswith("Open ")]
    assert sorted(opens) == ["Open case 1", "Open case 2", "Open case 3"]
    assert "map tracks" in text
    assert "not asked" in text


def test_leaving_and_returning_keeps_the_run(app: AppTest, filled: int) -> None:
    app = app.switch_page(PAGE).run()
    button(app, "Run").click().run()
    app = ended(app)
    app = app.switch_page("pages/about.py").run().switch_page(PAGE).run()
    assert "study: 4 of 4 cases" in page_text(app)


def test_a_row_of_the_gallery_opens_its_case(app: AppTest, filled: int) -> None:
    app = app.switch_page(PAGE).run()
    button(app, "Run").click().run()
    app = ended(app)
    button(app, "Open case 2").click().run()
    reading = app.session_state[state.READING]
    assert (reading.number, reading.title) == (2, "Row 3")


def test_a_list_that_is_read_first_shows_nothing_of_its_cases(
    app: AppTest, engine, films: Path
) -> None:
    archive = resources.archive()
    number = archive.worklist(LOCAL, "first", "breast", is_read_first=True)
    list(import_films(engine, archive, LOCAL, number, plan(films, engine.schema)))
    app = app.switch_page(PAGE).run()
    button(app, "Run").click().run()
    app = ended(app)
    text = page_text(app)
    assert "first: 0 of 0 cases" in text
    assert "left out: to be read by you first" in text
    assert "no case whose result you may see" in text
    assert not app.get("plotly_chart")


def test_a_manifest_is_read_and_its_rows_open_as_cases(app: AppTest, films: Path) -> None:
    app = app.switch_page(PAGE).run()
    source = next(each for each in app.get("button_group") if each.label == "Cases of")
    app = source.set_value("Manifest").run()
    next(t for t in app.text_input if t.label == "Manifest").set_value("/none.csv").run()
    button(app, "Run").click().run()
    assert "give its path from the root" in app.error[0].value
    table = str(films / "list.csv")
    next(t for t in app.text_input if t.label == "Manifest").set_value(table).run()
    button(app, "Run").click().run()
    app = ended(app)
    assert "list: 4 of 4 cases" in page_text(app)
    assert "Doe" not in page_text(app)
    button(app, "Open row 2").click().run()
    assert app.session_state[state.READING].title == "row 2"


def test_a_run_follows_stops_and_says_so(engine, films: Path) -> None:
    from xattn.runtime.cohort_keeping import InFolder
    from xattn.runtime.cohort_members import of_manifest

    people = of_manifest(films / "list.csv", engine.model)
    kept = InFolder(films.parent / "kept")
    run = cohort_run.CohortRun(cohort_run.Wanted((engine, engine), people, kept, Settings()))
    run.stop.set()
    run.work()
    assert (run.total, run.done, run.summary) == (8, 0, None)
    run.stop.clear()
    run.work()
    assert (run.done, run.share) == (8, 1.0)
    assert run.summary is not None
    assert run.comparison is not None
    assert {a for _, a, _ in run.comparison.rows} == {b for _, _, b in run.comparison.rows}
    assert sorted(run.pictures) == [0, 1, 2]
    assert {picture.shape for picture in run.pictures.values()} == {(160, 160)}


def test_a_fault_is_one_plain_sentence(engine, films: Path, monkeypatch, caplog) -> None:
    from xattn.runtime.cohort_keeping import InFolder
    from xattn.runtime.cohort_members import of_manifest

    people = of_manifest(films / "list.csv", engine.model)
    run = cohort_run.CohortRun(
        cohort_run.Wanted((engine,), people, InFolder(films / "kept"), Settings())
    )

    def of_doe(*_: object) -> None:
        raise ZeroDivisionError("of Doe")

    monkeypatch.setattr(cohort_run, "summarise", of_doe)
    with ThreadPoolExecutor() as threads:
        run.begin(threads, run.work)
    assert run.problem == run.fault
    assert "ZeroDivisionError" in caplog.text
    assert "Doe" not in caplog.text
