"""What a kept case adds to the page: its list is asked for the same film, tries are audited."""

from streamlit.testing.v1 import AppTest

from pages.parts import resources, state
from pages.parts.film import texture
from pages.parts.reader import VERDICTS
from pages.parts.state import Reading
from tests.app import archived
from tests.app.archived import added, button, listed, opened
from tests.app.conftest import APP, choose, page_text, png, upload
from xattn.archive.audit import entries
from xattn.archive.people import LOCAL
from xattn.archive.reading import TRIED
from xattn.models.support import applicability

ALONE_THERE = "No other film of this list has the same pixels."
TWICE = "The same pixels were read before in this list: is it the right film?"


def audited(what: str) -> list[dict[str, object]]:
    with resources.archive().transaction() as connection:
        return [dict(row.content) for row in entries(connection) if row.what == what]


def twin(engine, worklist: int) -> int:
    """The same film with another form, on the same list."""
    form = {"lesion_type": "mass", "density": 4}
    case = engine.read(png(0), form)
    return resources.archive().add(LOCAL, worklist, case, title="again", form=form)


def test_the_list_of_a_kept_case_is_asked_for_the_same_film(engine) -> None:
    """Both before a read and after it; another list, and an edit of the form, say nothing."""
    engine.assess(archived.case(engine))  # what is loaded once is no part of the page's patience
    for is_first in (True, False):
        number = listed(is_read_first=is_first, name=f"list {is_first}")
        case = added(engine, number)
        app = opened(engine, case)
        assert ALONE_THERE in page_text(app)
        assert TWICE not in page_text(app)
        twin(engine, number)
        assert TWICE in page_text(opened(engine, case))
    app = choose(opened(engine, added(engine, number, 1), 1), "Breast density", "3")
    assert ALONE_THERE in page_text(app)


def test_a_film_on_no_list_is_compared_with_none(app) -> None:
    listed(is_read_first=False)
    upload(app, png())
    assert "Not checked: no other films were given to compare with." in page_text(app)


def test_what_was_tried_is_audited_with_the_decision(engine) -> None:
    number = added(engine, listed(is_read_first=False))
    app = opened(engine, number)
    choose(app, "Entry that is varied", "density")
    choose(app, "Tried", 3)
    (made,) = app.session_state[state.SHOWN].tries
    assert audited(TRIED) == []
    (control,) = (each for each in app.segmented_control if each.label == "The model's result")
    control.set_value(VERDICTS[0]).run()
    (sure,) = (each for each in app.segmented_control if each.label == "How sure of it")
    sure.set_value(0.75)
    button(app, "Record").click().run()
    digest = archived.case(engine).digest
    assert audited(TRIED) == [{**made.plain, "case": number, "digest": digest}]


def test_what_was_tried_before_a_case_was_kept_is_audited_with_it(app) -> None:
    listed(is_read_first=False)
    upload(app, png())
    choose(app, "Entry that is varied", "density")
    choose(app, "Tried", 3)
    button(app, "Keep").click().run()
    (row,) = audited(TRIED)
    assert (row["case"], row["target"]) == (1, "malignant")


def test_an_entry_beyond_the_training_data_is_warned_of_once(monkeypatch) -> None:
    """By the card of the model that came with the app; the schema's range adds no second line."""
    monkeypatch.setenv(resources.CHECKPOINT, "hip")
    engine = resources.engine("hip")
    film = resources.read_sample(engine, resources.sample_cases("hip")[0]).film
    case = engine.case(film.radiograph, {"age_at_xray": 99}, box=film.box)
    (sentence,) = applicability(engine.model.checkpoint.description, engine.schema, case.form)
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.session_state[state.READING] = Reading(case, "old", texture(film.radiograph))
    engine.assess(case)
    text = page_text(app.run())
    assert text.count(f'<p class="warning">{sentence}</p>') == 1
