"""Phantoms as training rows: the picture, the slots, the labels, and their order."""

import numpy as np
import pytest
import torch
from scipy.special import logit

from xattn.data.schemas import BREAST
from xattn.phantoms import breast
from xattn.phantoms import breast_tables as tables
from xattn.phantoms.breast import Settings
from xattn.phantoms.breast_cases import CAUSES, JITTER, BreastRow
from xattn.training.cases import Cases
from xattn.training.phantom_cases import draw_cases

SIZE = 64
WHOLE = BreastRow(Settings(), SIZE, cropped=0.0)
CROPS = BreastRow(Settings(), SIZE, cropped=1.0)
SEEDS = range(100, 106)


@pytest.fixture(scope="module")
def cases() -> Cases:
    return draw_cases(BreastRow(Settings(), SIZE), SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crop_is_the_jittered_field_as_displayed(seed):
    world = breast.sample_world(seed, Settings())
    field = breast.crop_field(world, jitter=JITTER)
    shown = breast.display(breast.draw(world, size=SIZE, field=field))
    assert np.array_equal(CROPS(seed).pixels, np.round(shown * 255).astype(np.uint8))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_whole_film_stands_between_two_black_margins(seed):
    picture = WHOLE(seed).pixels
    shown = breast.display(breast.draw(breast.sample_world(seed, Settings()), size=SIZE))
    # 180 x 240 mm at 64 rows: 48 columns, so 8 of padding on either side.
    assert shown.shape == (64, 48)
    assert picture.shape == (64, 64)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture[:, 8:56], np.round(shown * 255).astype(np.uint8))
    assert not picture[:, :8].any()
    assert not picture[:, 56:].any()


def test_seven_in_ten_rows_are_crops():
    # The row's own coin; 400 throws have a deviation of 9.2 about 280: four of them.
    throws = [np.random.default_rng([seed, 11]).random() < 0.7 for seed in range(400)]
    assert abs(sum(throws) - 280) < 37
    mixed = BreastRow(Settings(), 32)
    for seed in range(8):
        twin = BreastRow(Settings(), 32, cropped=float(throws[seed]))
        assert np.array_equal(mixed(seed).pixels, twin(seed).pixels)


@pytest.mark.parametrize("seed", SEEDS)
def test_slots_hold_the_readers_form(seed):
    row = CROPS(seed)
    world = breast.sample_world(seed, Settings())
    names = [f"{field.name} {code}" for field in BREAST for code in field.codes]
    said = [f"{name} {code}" for name, code in world.form.items()]
    assert [name for name, slot in zip(names, row.values, strict=True) if slot] == said
    assert [n for n, is_known in zip(BREAST.names, row.known, strict=True) if is_known] == list(
        world.form
    )
    assert row.labels.tolist() == [float(world.causes.malignant)]


@pytest.mark.parametrize("settings", [Settings(), Settings(confounded=False)])
@pytest.mark.parametrize("seed", SEEDS)
def test_causes_and_the_prior_sum_to_the_log_odds_of_the_film(seed, settings):
    row = BreastRow(settings, 32)(seed)
    causes = row.causes.astype(float)
    total = tables.INTERCEPT[settings.confounded] + sum(causes)
    # Probability and causes are float32; near 0.99 a step of 6e-8 is 6e-6 in log-odds.
    assert total == pytest.approx(logit(float(row.expected[0, 0])), abs=1e-4)
    site = causes[CAUSES.index("site")]
    assert abs(site) == np.float32(tables.SITE_LOG_ODDS if settings.confounded else 0.0)


def test_causes_have_names_for_all_that_a_film_shows():
    found = set()
    for seed in range(200):
        found |= set(breast.draw(breast.sample_world(seed, Settings()), size=16).causes)
        if len(found) > len(CAUSES):
            break
    assert found == {*CAUSES, "prior"}
    assert len(CAUSES) == len(set(CAUSES))


def test_cases_stack_the_rows_in_the_order_of_their_seeds(cases):
    row = BreastRow(Settings(), SIZE)
    assert len(cases) == len(SEEDS)
    assert cases.images.shape == (len(SEEDS), 1, SIZE, SIZE)
    for index, seed in enumerate(SEEDS):
        one = row(seed)
        assert np.array_equal(cases.images[index, 0].numpy(), one.pixels)
        for name in ("values", "known", "labels", "expected", "causes"):
            assert np.array_equal(getattr(cases, name)[index].numpy(), getattr(one, name)), name


def test_types_are_what_training_expects(cases):
    kinds = (cases.images, cases.values, cases.known, cases.labels, cases.expected, cases.causes)
    assert [tensor.dtype for tensor in kinds] == [
        torch.uint8,
        torch.float32,
        torch.bool,
        torch.float32,
        torch.float32,
        torch.float32,
    ]
    assert (cases.values.shape[1], cases.known.shape[1]) == (36, 5)
    assert cases.causes.shape[1] == len(CAUSES)


@pytest.mark.slow  # two new processes, each importing torch
def test_processes_do_not_change_the_order():
    row, seeds = BreastRow(Settings(), 32), range(40)  # more than one chunk of 32
    one, two = (draw_cases(row, seeds, processes=count) for count in (1, 2))
    assert torch.equal(one.images, two.images)
    assert torch.equal(one.values, two.values)
    assert torch.equal(one.expected, two.expected)
    assert torch.equal(one.labels, two.labels)


def test_targets_are_what_bayes_knows_and_else_the_label(cases):
    # Film and form first, the film alone second.
    assert torch.equal(cases.targets[:, 0], cases.expected[:, 2])
    assert torch.equal(cases.targets[:, 1], cases.expected[:, 0])
    unknown = Cases(
        cases.images, cases.values, cases.known, cases.labels,
        torch.full_like(cases.expected, torch.nan), cases.causes,
    )  # fmt: skip
    assert torch.equal(unknown.targets, cases.labels[:, None].expand(-1, 2, 1))


def test_cases_survive_their_file_bit_by_bit(cases, tmp_path):
    path = tmp_path / "new" / "folder" / "cases.safetensors"
    cases.save(path)
    again = Cases.load(path)
    for name in Cases.__slots__:
        kept, read = getattr(cases, name), getattr(again, name)
        assert kept.dtype == read.dtype
        assert kept.numpy().tobytes() == read.numpy().tobytes()


def test_taken_rows_are_the_rows_asked_for(cases):
    part = cases.take(torch.tensor([4, 1, 1]))
    assert len(part) == 3
    assert torch.equal(part.images[0], cases.images[4])
    assert torch.equal(part.causes[1], part.causes[2])
    assert torch.equal(part.expected[2], cases.expected[1])
