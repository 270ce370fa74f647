"""A panel holds its picture untouched, its scale and its words, within its size."""

import numpy as np
import pytest

from xattn.explain.overlay import Scale
from xattn.reports.figures import strip
from xattn.reports.panels import BAR, EDGE, LONGEST, NARROWEST, Panel, draw, longest_picture

SCALE = Scale("attention", 0.0, 0.5, "share of attention", reference=0.2)
LINES = ("A sentence of some length about what the colours mean and what they do not. " * 3,)


def picture(height, width):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (1, 0.4), (0.3, 1)])
def test_no_side_is_longer_than_the_limit(shape):
    side = longest_picture()
    panel = draw(Panel("Title", picture(*(int(side * part) for part in shape)), LINES, SCALE))
    assert max(panel.shape) <= LONGEST
    assert (panel[-EDGE // 2 :] == panel[-1, -1]).all()  # the words end above the edge


def test_the_picture_is_not_touched():
    content = picture(200, 300)
    panel = draw(Panel("Title", content, ()))
    left = EDGE + (NARROWEST - 300) // 2
    tops = [
        top
        for top in range(panel.shape[0] - 200)
        if (panel[top : top + 200, left : left + 300] == content).all()
    ]
    assert len(tops) == 1


def test_the_scale_is_there_in_full_width():
    panel = draw(Panel("Title", picture(100, 800), (), SCALE))
    bar = strip(SCALE, 800, BAR)
    assert any(
        (panel[top : top + BAR, EDGE : EDGE + 800] == bar).all()
        for top in range(panel.shape[0] - BAR)
    )


def test_scale_and_words_change_the_panel():
    plain = draw(Panel("Title", picture(100, 800), ()))
    assert draw(Panel("Title", picture(100, 800), LINES)).shape[0] > plain.shape[0]
    assert (draw(Panel("Other", picture(100, 800), ())) != plain).any()
