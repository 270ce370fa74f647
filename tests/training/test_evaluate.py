"""What an evaluation says of models whose figures are known beforehand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import Tensor, nn

from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.models.network import Backbone, Network
from xattn.models.tokens import ImageTokens, Output
from xattn.systems import SYSTEMS, LoadedModel
from xattn.training.cases import Cases
from xattn.training.evaluate import Evaluation, Row, by_study, prior
from xattn.training.evaluate import evaluate as judged
from xattn.training.judges import TWO_CLASSES
from xattn.training.metrics import METRICS, Estimate
from xattn.training.subgroups import ByOption

FILL = 51 / 255
"""A grey that uint8 films hold exactly, so an absent film is the same everywhere."""
BIAS = -0.4
TEMPERATURE = 2.0
COUNT = 24


class Told(Network):
    """score = film · (mean − fill) + form · (slot 0 if known) + bias: the label is told twice."""

    def __init__(self, film: float, form: float) -> None:
        super().__init__()
        self.config = SimpleNamespace(fill=FILL, size=8)
        self.backbone = Backbone()
        self.weight = nn.Parameter(torch.tensor([film, form]))

    def encode_image(self, image: Tensor) -> ImageTokens:
        mean = image.mean((1, 2, 3)).view(-1, 1, 1)
        return ImageTokens(mean, (1, 1), mean[..., None])

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        film = self.weight[0] * (image.tokens[:, 0, 0] - FILL)
        form = self.weight[1] * torch.where(known[:, 0], values[:, 0], 0.0)
        return Output((film + form + BIAS)[:, None], image.features, {})


def described(module: Network) -> LoadedModel:
    description = Description(
        system="breast",
        preset="compact",
        version="0.0",
        config={},
        training_data="nothing",
        is_phantom_trained=True,
        label_means=(0.41,),
    )
    calibration = Calibration(temperature=TEMPERATURE)
    checkpoint = Checkpoint(module.eval(), description, calibration, "", "told")
    return LoadedModel(SYSTEMS["breast"], checkpoint, torch.device("cpu"))


def cases() -> Cases:
    """Malignant films are white, benign black; slot 0 holds 1 or −1; Bayes knows film and both."""
    labels = torch.arange(COUNT) % 2 == 1
    sign = 2.0 * labels - 1
    values = torch.zeros(COUNT, 36)
    values[:, 0] = sign
    probability = 0.5 + 0.4 * sign
    bayes = torch.stack([probability, torch.full((COUNT,), 0.5), probability], dim=1)
    images = (255 * labels).to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 8, 8).clone()
    known = torch.ones(COUNT, 5, dtype=torch.bool)
    labelled = labels.float()[:, None]
    return Cases(images, values, known, labelled, bayes[..., None], torch.zeros(COUNT, 12))


def evaluate(model: LoadedModel, some: Cases) -> Evaluation:
    return judged(model, some, TWO_CLASSES)


@pytest.fixture(scope="module")
def perfect() -> Evaluation:
    return evaluate(described(Told(film=10.0, form=10.0)), cases())


@pytest.fixture(scope="module")
def film_reader() -> Evaluation:
    return evaluate(described(Told(film=10.0, form=0.0)), cases())


def test_a_perfect_model_gets_every_figure(perfect):
    assert [row.name for row in perfect.rows] == ["film and form", "film alone", "form alone"]
    for row in perfect.rows:
        assert row.cases == COUNT
        assert tuple(name for name, _ in row.figures) == tuple(METRICS)
        for name in ("AUC", "accuracy", "F1", "precision", "recall"):
            assert row.figure(name) == Estimate(1.0, 1.0, 1.0)


def test_the_calibration_error_is_that_of_the_divided_scores(perfect):
    # Form alone: scores of ±10 + bias, divided by the temperature; all cases are called rightly.
    missed = [1 - expit((10 + BIAS) / TEMPERATURE), expit((-10 + BIAS) / TEMPERATURE)]
    error = perfect.rows[2].figure("ECE").value
    assert error == pytest.approx(np.mean(missed), abs=1e-6)  # scores are float32


def test_a_model_of_the_film_knows_nothing_without_it(film_reader):
    both, film, form = (row.figure("AUC").value for row in film_reader.rows)
    assert (both, film) == (1.0, 1.0)
    assert form == 0.5  # one score for all: every pair is a tie
    # The bias is below zero, so nothing is called malignant.
    assert film_reader.rows[2].figure("recall").value == 0.0
    assert film_reader.rows[2].figure("accuracy").value == 0.5


def test_a_model_of_the_form_knows_nothing_without_it():
    found = evaluate(described(Told(film=0.0, form=10.0)), cases())
    assert [row.figure("AUC").value for row in found.rows] == [1.0, 0.5, 1.0]


def test_nothing_known_is_the_calibrated_bias(perfect, film_reader):
    expected = expit(BIAS / TEMPERATURE)
    for found in (perfect, film_reader):
        assert found.prior == pytest.approx((expected,), abs=1e-6)  # a float32 score
        assert found.means == (0.41,)


def test_nothing_known_does_not_depend_on_which_case_comes_first():
    checkpoint, all_cases = described(Told(film=3.0, form=5.0)), cases()
    first = prior(checkpoint, all_cases)
    assert first == prior(checkpoint, all_cases.take(torch.tensor([5, 0])))


def test_the_bayes_bounds_are_those_of_their_columns(perfect):
    bounds = dict(perfect.bounds)
    assert list(bounds) == ["film alone", "form alone", "film and form"]
    assert [bounds[name].value for name in bounds] == [1.0, 0.5, 1.0]


def test_the_text_is_the_table_with_its_bounds(perfect):
    one = "1.000 [1.000, 1.000]"
    lines = perfect.text.splitlines()
    assert lines[0] == "| known of the case | n | AUC | accuracy | F1 | precision | recall | ECE |"
    assert lines[1] == "|---|---|---|---|---|---|---|---|"
    assert {line.count("|") for line in lines[:5]} == {9}
    assert lines[2].startswith(f"| film and form | 24 | {one} | {one} | {one} | {one} | {one} | 0.")
    assert [line.split(" | ")[0] for line in lines[3:5]] == ["| film alone", "| form alone"]
    assert lines[6].endswith(
        f"film alone {one}; form alone 0.500 [0.500, 0.500]; film and form {one}."
    )
    assert lines[7:] == [
        "Gap of the model to it: 0.000.",
        "",
        f"v(nothing known): {expit(BIAS / TEMPERATURE):.3f}.",
        "Mean label in training: 0.410.",
    ]


def test_the_gap_is_the_bound_less_the_models_auc():
    row = Row("film and form", 10, (("AUC", Estimate(0.8, 0.7, 0.9)),))
    bounds = (("film and form", Estimate(0.925, 0.9, 0.95)),)
    found = Evaluation(main="AUC", rows=(row,), bounds=bounds, prior=(0.4,), means=(0.41,))
    assert "Gap of the model to it: 0.125." in found.text


def test_a_figure_that_is_not_there_is_an_error(perfect):
    with pytest.raises(KeyError, match="Brier"):
        perfect.rows[0].figure("Brier")


def test_the_cases_are_left_as_they_were():
    given, kept = cases(), cases()
    evaluate(described(Told(film=1.0, form=1.0)), given)
    assert torch.equal(given.images, kept.images)
    assert torch.equal(given.known, kept.known)


def test_an_inverted_model_gets_every_pair_wrong():
    found = evaluate(described(Told(film=-10.0, form=-10.0)), replace(cases()))
    assert [row.figure("AUC").value for row in found.rows] == [0.0, 0.0, 0.0]
    assert dict(found.bounds)["film and form"].value == 1.0


def test_without_known_causes_there_is_no_best():
    some = replace(cases(), expected=torch.full((COUNT, 3, 1), torch.nan))
    found = evaluate(described(Told(film=10.0, form=10.0)), some)
    assert found.bounds == ()
    assert "Best" not in found.text
    assert "Gap" not in found.text
    assert f"v(nothing known): {found.prior[0]:.3f}." in found.text


def test_the_views_of_a_study_count_as_one_by_the_highest():
    # Rows 0 and 1 are one benign and one malignant film: together a malignant study.
    studies = np.arange(COUNT) // 2
    model = described(Told(film=10.0, form=10.0))
    found = judged(model, cases(), TWO_CLASSES, np.concatenate([[0], studies[1:] + 1]))
    row = found.rows[-1]
    assert row.name == "by study, highest of its views"
    assert row.cases == COUNT // 2 + 1
    assert found.rows[0].cases == COUNT


def test_the_highest_of_a_study_is_that_of_its_views_and_unknown_where_all_are():
    values = np.array([[0.1, np.nan], [0.7, 0.2], [0.4, np.nan], [0.3, np.nan]])
    highest = by_study(values, np.array(["b", "a", "b", "c"]))
    np.testing.assert_array_equal(highest, [[0.7, 0.2], [0.4, np.nan], [0.3, np.nan]])


def test_subgroups_stand_in_the_text():
    judge = replace(TWO_CLASSES, groupings=(ByOption("density"),))
    found = judged(described(Told(film=10.0, form=10.0)), cases(), judge)
    # Slot 0 is density 1: half of the cases hold 1 there, half −1, which is no answer.
    assert [(group.name, group.cases) for group in found.subgroups] == [
        ("Breast density: 1 almost fat", COUNT // 2)
    ]
    assert "| subgroup of film and form | n | AUC |" in found.text
    assert "| Breast density: 1 almost fat | 12 | too few to be judged (below 50) |" in found.text
