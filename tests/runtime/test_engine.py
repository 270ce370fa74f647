"""The engine: what it reads, what it predicts, what it keeps, and whom it refuses."""

import threading

import numpy as np
import pytest
from scipy.special import expit

from tests import tiny
from tests.data.dicom_files import DicomOptions, write_dicom
from xattn.data.placement import ASSUMED_FILM_MM, Box
from xattn.data.radiograph import Radiograph
from xattn.errors import IntakeError, SchemaError
from xattn.explain import DEFAULT_METHODS
from xattn.explain.base import Game, Steps
from xattn.records import Case
from xattn.runtime.engine import FILMS_KEPT, Engine
from xattn.runtime.worker import Urgency, Worker
from xattn.systems import LoadedModel

FORM = {"lesion_type": "mass", "density": 2, "mass_shape": "OVAL"}
BOX = Box(120, 100, 40, 60)


@pytest.fixture
def engine(tiny_model: LoadedModel) -> Engine:
    return Engine(tiny_model, Worker())


@pytest.fixture(scope="module")
def film() -> bytes:
    values = np.add.outer(np.arange(400), np.arange(300)).astype(np.uint16)
    spacing = (("ImagerPixelSpacing", [0.5, 0.5]),)
    return write_dicom(values, DicomOptions(extra=spacing))


def test_a_case_holds_what_the_model_reads(engine: Engine, film: bytes):
    case = engine.read(film, FORM)
    assert case.system == "breast"
    assert case.film.radiograph.shape == (400, 300)
    assert case.film.pixels.shape == (tiny.SIZE, tiny.SIZE)
    assert case.film.jittered.shape == (0, tiny.SIZE, tiny.SIZE)
    assert case.film.placement.side == 400  # the longer side, padded
    assert case.form.known == ("density", "mass_shape")


def test_a_box_is_read_with_a_margin_in_millimetres(engine: Engine, film: bytes):
    case = engine.read(film, FORM, box=BOX)
    # 18 mm on every side at 0.5 mm a pixel: the longer side of 60 plus twice 36.
    assert case.film.placement.side == pytest.approx(60 + 2 * 36, abs=1e-9)  # float division
    assert case.film.jittered.shape == (8, tiny.SIZE, tiny.SIZE)
    assert len({variant.tobytes() for variant in case.film.jittered}) == 8


def test_without_spacing_the_long_side_is_taken_as_240_mm(engine: Engine, film: bytes):
    with_spacing = engine.read(film).film.radiograph
    bare = Radiograph(with_spacing.values)
    case = engine.case(bare, FORM, box=BOX)
    margin = engine.model.system.margin_mm * 400 / ASSUMED_FILM_MM
    assert case.film.placement.side == pytest.approx(60 + 2 * margin, abs=1e-9)  # float division


def test_taking_the_box_away_reads_the_whole_film_again(engine: Engine, film: bytes):
    whole, boxed = engine.read(film, FORM), engine.read(film, FORM, box=BOX)
    assert engine.with_box(boxed, None).digest == whole.digest
    assert engine.with_box(whole, BOX).digest == boxed.digest
    assert whole.digest != boxed.digest


def test_the_digest_follows_pixels_box_and_form_and_nothing_else(engine: Engine, film: bytes):
    case = engine.read(film, FORM)
    other_person = write_dicom(
        case.film.radiograph.values,
        DicomOptions(extra=(("ImagerPixelSpacing", [0.5, 0.5]), ("PatientName", "Else^Someone"))),
    )
    assert engine.read(other_person, FORM).digest == case.digest
    assert engine.read(film, {**FORM, "density": 3}).digest != case.digest
    assert engine.read(film, {"lesion_type": "mass"}).digest != engine.read(film, {}).digest


def test_a_prediction_has_four_terms_that_add_up(engine: Engine, film: bytes):
    prediction = engine.predict(engine.read(film, FORM))
    parts = (prediction.image_only, prediction.form_only, prediction.interaction)
    assert sum(parts) - prediction.reference == pytest.approx(prediction.value, abs=1e-12)
    assert prediction.probability == expit(prediction.value)
    assert prediction.jitter == ()
    assert not prediction.flips


def test_a_prediction_equals_one_plain_forward_pass(engine: Engine, film: bytes):
    case = engine.read(film, FORM)
    game = Game(engine.model, case, engine.model.target)
    output = engine.model.module(game.film.image, *game.form)
    expected = float(output.scores[0, 0]) / 1.25  # the tiny checkpoint's temperature
    # One pass in float32 against two halves of it: the same operations, sums of other batches.
    assert engine.predict(case).value == pytest.approx(expected, abs=1e-5)


def test_jitter_reads_every_moved_box(engine: Engine, film: bytes):
    case = engine.read(film, FORM, box=BOX)
    prediction = engine.predict(case)
    assert len(prediction.jitter) == 8
    moved = BOX.jittered((400, 300), fraction=0.1)
    alone = [engine.predict(engine.read(film, FORM, box=box)).value for box in moved]
    # A batch of eight rounds unlike eight single films: at most 1.4e-6 was measured, per token.
    np.testing.assert_allclose(prediction.jitter, alone, atol=1e-4)


def test_flips_are_found_on_the_other_side_of_even_odds(engine: Engine, film: bytes):
    from dataclasses import replace

    prediction = engine.predict(engine.read(film, FORM, box=BOX))
    assert replace(prediction, value=0.2, jitter=(0.1, -0.1)).flips
    assert not replace(prediction, value=0.2, jitter=(0.1, 0.3)).flips


def test_explain_gives_every_method_asked_for(engine: Engine, tiny_case: Case):
    explanation = engine.explain(tiny_case, ("gradcam", "shapley"))
    assert [key for key, _ in explanation.attributions] == ["gradcam", "shapley"]
    assert explanation["shapley"].value == explanation.prediction.value
    assert set(DEFAULT_METHODS) == {"shapley", "gradcam", "attention", "joint", "lime"}


def test_results_are_the_same_object_when_asked_again(engine: Engine, tiny_case: Case):
    first = engine.start_explanation(tiny_case, "gradcam")
    first.result()
    assert engine.start_explanation(tiny_case, "gradcam") is first


def test_encoded_films_are_bounded(engine: Engine):
    generator = np.random.default_rng(0)
    for _ in range(FILMS_KEPT + 3):
        values = generator.integers(0, 4096, (64, 64)).astype(np.uint16)
        engine.predict(engine.case(Radiograph(values), FORM))
    assert len(engine._films) == FILMS_KEPT


@pytest.mark.parametrize("box", [Box(290, 0, 40, 40), Box(-1, 0, 40, 40), Box(0, 380, 40, 40)])
def test_a_box_beside_the_film_is_refused(engine: Engine, film: bytes, box: Box):
    with pytest.raises(IntakeError, match="box inside the film of 300 x 400"):
        engine.read(film, FORM, box=box)


def test_a_form_that_is_refused_never_becomes_a_case(engine: Engine, film: bytes):
    with pytest.raises(SchemaError, match="never an input"):
        engine.read(film, {"pathology": "BENIGN"})


def test_identity_is_in_no_record(engine: Engine, film: bytes):
    case = engine.read(film, FORM)
    explanation = engine.explain(case, ("shapley",))
    text = repr(case) + repr(explanation) + repr(explanation.prediction.plain)
    assert not any(word in text for word in ("Doe", "Jane", "ID-4711", "ACC-815", "19500615"))


def test_work_ahead_waits_for_all_other_work(engine: Engine, film: bytes):
    """The first jobs of the ahead engine are asked for first, and end last."""
    cases = [engine.read(film, {**FORM, "density": density}) for density in (1, 2)]
    ended: list[str] = []
    release = threading.Event()

    def hold() -> Steps[None]:
        release.wait(30)
        yield 1.0

    engine.worker.submit("hold", hold, urgency=Urgency.PREDICTION)
    jobs = [engine.ahead.start_prediction(cases[0]), engine.start_explanation(cases[1], "gradcam")]
    for name, job in zip(("ahead", "asked"), jobs, strict=True):
        job._future.add_done_callback(lambda _, name=name: ended.append(name))
    release.set()
    assert [job.result(60) is not None for job in jobs] == [True, True]
    assert ended == ["asked", "ahead"]
