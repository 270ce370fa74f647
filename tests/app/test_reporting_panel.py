"""A list's reports behind the page: the file, cancel, faults, whose it is."""

import gc
import io
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import reporting, resources, state
from pages.parts.reporting import RUN, Reporting, told
from tests.app.archived import added, button, decided, listed
from tests.app.conftest import page_text
from xattn.archive.people import LOCAL
from xattn.archive.worklist import Query
from xattn.errors import ReportError
from xattn.runtime.exporting import Exported, Reports

VEILED = "Its result may not be shown to you yet."


def on_page(app: AppTest) -> AppTest:
    app.session_state[state.QUERY] = Query(worklist=1)
    return app.switch_page("pages/worklist.py").run()


def asked(app: AppTest) -> Reporting:
    """The run that the button starts, once it has ended."""
    button(on_page(app), "Make the reports").click().run()
    made: Reporting = app.session_state[RUN]
    made.future.exception(timeout=60)
    app.run()
    return made


def test_the_file_holds_the_tables_and_each_report_that_may_be_seen(app, engine) -> None:
    number = listed()
    added(engine, number)
    added(engine, number, 1)
    decided(engine, LOCAL, 1)
    made = asked(app)
    assert made.problem == ""
    assert f"1 report of 2 cases. Case 2: {VEILED}" in page_text(app)
    (save,) = (each for each in app.get("download_button") if "reports" in each.proto.label)
    assert save.proto.label == "Save the reports (ZIP)"
    with zipfile.ZipFile(io.BytesIO(made.file.read_bytes())) as packed:
        assert packed.namelist() == ["case-1.pdf", "reads.csv", "results.csv", "results.parquet"]
        assert packed.read("case-1.pdf").startswith(b"%PDF-")
    assert [path.name for path in made.folder.iterdir()] == ["reports.zip"]
    app.switch_page("pages/about.py").run()
    assert "1 report of 2 cases." in page_text(on_page(app))


def test_a_stopped_run_makes_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the case in hand; what was half written goes."""
    closed = threading.Event()

    def steps(reports: Reports, worklist: int, folder):
        try:
            yield Exported(1, 3, 7, "case-7.pdf")
            raise AssertionError("the second case was begun")
        finally:
            closed.set()

    monkeypatch.setattr(reporting, "export", steps)
    made = Reporting(1, "Ann")
    made.stop.set()
    run(made)
    assert closed.is_set()
    assert made.is_stopped
    assert made.problem == ""
    assert not made.file.exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(ReportError("The report was refused."), "The report was refused."),
     (RuntimeError("Doe^Jane"), Reporting.fault)],
)  # fmt: skip
def test_what_ends_a_run_is_a_sentence(monkeypatch, error: Exception, sentence: str) -> None:
    def steps(*_: object):
        yield Exported(1, 2, 1)
        raise error

    monkeypatch.setattr(reporting, "export", steps)
    made = Reporting(1, "Ann")
    run(made)
    assert made.problem == sentence
    assert not made.is_stopped


def run(made: Reporting) -> None:
    """As the thread does it."""
    with ThreadPoolExecutor() as threads:  # the steps are the test's
        made.begin(threads, partial(made.work, None))  # type: ignore[arg-type]


def test_nobody_else_gets_the_file_and_it_goes_with_the_session(app) -> None:
    listed()
    made = Reporting(1, "somebody else")
    made.future.set_result(None)
    made.file.write_bytes(b"theirs")
    app.session_state[RUN] = made
    on_page(app)
    assert [each for each in app.get("download_button") if "reports" in each.proto.label] == []
    folder = made.folder
    del app.session_state[RUN], made
    gc.collect()
    assert not folder.exists()


def test_progress_while_it_runs_can_be_cancelled(app) -> None:
    listed()
    made = Reporting(1, LOCAL.name, last=Exported(3, 12, 3))
    app.session_state[RUN] = made
    on_page(app)
    assert button(app, "Make the reports").disabled
    button(app, "Cancel").click().run()
    assert made.stop.is_set()
    assert button(app, "Stopping").disabled
    made.future.set_result(None)


def test_reasons_are_said_once_and_few_cases_are_named() -> None:
    refused = [(number, VEILED) for number in range(1, 10)] + [(11, "Another reason.")]
    made = Reporting(1, "Ann", last=Exported(12, 12, 12), refused=refused)
    assert told(made) == (
        f"2 reports of 12 cases. Cases 1, 2, 3, 4, 5, 6, 7, 8 and others: {VEILED} "
        "Case 11: Another reason."
    )


def test_the_archive_is_asked_in_the_name_of_the_person(app, engine, monkeypatch) -> None:
    given: list[Reports] = []

    def steps(reports: Reports, *_: object):
        given.append(reports)
        yield Exported(1, 1, 1, refusal=VEILED)
        raise ReportError("enough")

    monkeypatch.setattr(reporting, "export", steps)
    listed()
    asked(app)
    (reports,) = given
    assert (reports.person, reports.archive, reports.engine) == (LOCAL, resources.archive(), engine)
    assert not reports.archival
