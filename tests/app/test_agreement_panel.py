"""Tables and plots of agreement: every number is the record's."""

import numpy as np

from pages.parts import agreement
from xattn.archive.readers import Comparison, Pair
from xattn.training.metrics import Estimate

NOTHING = Estimate(float("nan"), float("nan"), float("nan"))
FINDINGS = np.array([[0.8, 0.9], [0.7, 0.75], [0.9, 0.85]])
NUMBERS = Pair(
    "Ann",
    "Ben",
    (3, 5, 8),
    FINDINGS,
    (
        ("bias", Estimate(0.0333, -0.05, 0.1)),
        ("lower limit", Estimate(-0.1, -0.2, 0.0)),
        ("upper limit", Estimate(0.2, 0.1, 0.3)),
        ("proportional bias", NOTHING),
    ),
)
GAIN = Comparison(
    "MAE", Estimate(0.1, 0.05, 0.2), Estimate(0.08, 0.04, 0.1), Estimate(-0.02, -0.1, 0.01), 3, 2
)


def test_a_pairs_figures_have_intervals_and_units() -> None:
    text = agreement.pair_table(NUMBERS, "g/cm²")
    assert "Ann and Ben, 3 cases read alone by both" in text
    assert "<th>bias (g/cm²)</th><td>0.033 (95 % −0.050 to 0.100)</td>" in text
    assert "<td>–</td>" in text


def test_bland_altmans_plot_is_of_means_and_differences() -> None:
    figure = agreement.bland_altman(NUMBERS, "g/cm²")
    (points,) = figure.data
    np.testing.assert_allclose(points.x, [0.85, 0.725, 0.875], rtol=1e-12)
    np.testing.assert_allclose(points.y, [0.1, 0.05, -0.05], rtol=1e-12)
    assert list(points.text) == ["case 3", "case 5", "case 8"]
    assert [line.y0 for line in figure.layout.shapes] == [0.0333, -0.1, 0.2]
    assert figure.layout.yaxis.title.text == "Ben − Ann (g/cm²)"


def test_probabilities_are_crossed_at_the_cut_of_kappa() -> None:
    figure = agreement.crossed(NUMBERS)
    (points,) = figure.data
    np.testing.assert_array_equal(points.x, FINDINGS[:, 0])
    np.testing.assert_array_equal(points.y, FINDINGS[:, 1])
    horizontal, vertical = figure.layout.shapes
    assert (horizontal.y0, vertical.x0) == (0.5, 0.5)


def test_the_gain_is_drawn_with_its_intervals() -> None:
    (points,) = agreement.gained(GAIN, "g/cm²").data
    assert list(points.x) == [0.1, 0.08]
    np.testing.assert_allclose(points.error_x.array, [0.1, 0.02], rtol=1e-12)
    np.testing.assert_allclose(points.error_x.arrayminus, [0.05, 0.04], rtol=1e-12)
    text = agreement.gain_table(GAIN, "g/cm²")
    assert "MAE (g/cm²) of 2 readers over 3 cases" in text
    assert "<th>difference</th><td>−0.020 (95 % −0.100 to 0.010)</td>" in text
