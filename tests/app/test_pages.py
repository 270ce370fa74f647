"""Every page through the entry script: its heading, its banner, no error."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import page_text
from xattn.runtime.engine import Engine

PAGES = [
    ("pages/review.py", "Breast lesion: open a case", 1),
    ("pages/worklist.py", "There is no worklist yet", 0),
    ("pages/cohort.py", "counts as shown to you", 0),
    ("pages/models.py", "A tiny model", 0),
    ("pages/about.py", "How each panel is read", 0),
]


@pytest.mark.parametrize(("page", "heading", "uploaders"), PAGES)
def test_a_page_shows_its_heading_and_who_speaks(
    app: AppTest, page: str, heading: str, uploaders: int
) -> None:
    app.switch_page(page).run()
    text = page_text(app)
    assert not app.error
    assert not app.exception
    assert heading in text
    assert len(app.file_uploader) == uploaders
    assert "breast · compact 0.0 · trained on nothing: untrained" in text
    assert "research use, not for diagnosis" in text
    assert "not for primary reading" in text


def test_the_model_page_gives_what_replays_a_number(app: AppTest, engine: Engine) -> None:
    text = page_text(app.switch_page("pages/models.py").run())
    assert engine.model.checkpoint.model_id in text
    assert "1.250" in text
    assert "never: birads" in text


def test_the_about_page_names_the_three_kinds_and_what_a_low_result_says(app: AppTest) -> None:
    text = page_text(app.switch_page("pages/about.py").run())
    for words in ("| contribution |", "| relative |", "| attention |"):
        assert words in text
    assert "does not exclude malignancy" in text
