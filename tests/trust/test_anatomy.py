"""Where a map lies: shares by hand, a model that reads a marker, and outlines on phantoms."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.anatomy import dice, found
from benchmarks.anatomy_truth import drawn
from tests import tiny
from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.explain.base import Game
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.lime import RegionLime
from xattn.records import Attribution, Case, Film, Map
from xattn.trust.anatomy import PARTS, anatomy, mass_per_pixel, segments
from xattn.trust.segment_film import Segment, frame, split
from xattn.trust.segment_hip import femur

SIZE = tiny.SIZE
LETTER = (slice(6, 18), slice(76, 90))
"""Where the marker lies: in the last of the four cells of the first row."""


def marked_case() -> Case:
    """A round body on black film, and a white letter in the right upper corner."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    body = np.hypot(rows - 52, columns - 40) < 34
    texture = np.random.default_rng(3).random((SIZE, SIZE))
    values = np.where(body, 0.4 + 0.1 * texture, 0.0)
    values[LETTER] = 1.0
    radiograph = Radiograph(np.rint(4095 * values).astype(np.uint16))
    placement = Placement.whole(radiograph.shape, SIZE)
    film = Film(radiograph, placement, values.astype(np.float32), np.zeros((0, SIZE, SIZE)))
    return replace(tiny.case(), films=(film,))


def marker_model() -> tiny.SumModel:
    """A model that reads the cell of the marker and nothing else."""
    module = tiny.SumModel()
    module.cells.data.zero_()
    module.cells.data[3] = 2.0
    return module


def attribution_of(values: np.ndarray, kind: str, regions: np.ndarray | None = None) -> Attribution:
    model, case = tiny.loaded(tiny.SumModel()), tiny.case()
    blank = IntegratedGradients().blank(Game(model, case, model.target))
    return replace(blank, kind=kind, maps=(Map("malignant", values),), regions=regions)


def halves(size: int = 4) -> tuple[Segment, Segment]:
    left = np.zeros((size, size), bool)
    left[:, : size // 4] = True
    return Segment("left", left), Segment("rest", ~left)


def test_an_even_map_has_enrichment_one() -> None:
    shares = anatomy(attribution_of(np.ones((2, 2), np.float32), "attention"), halves()).parts
    assert [(part.share, part.area, part.enrichment) for part in shares] == [
        (0.25, 0.25, 1.0),
        (0.75, 0.75, 1.0),
    ]


def test_contributions_count_by_size_and_relative_maps_for_the_target_alone() -> None:
    values = np.zeros((4, 4), np.float32)
    values[0, 0], values[0, 3] = -3.0, 1.0
    both = anatomy(attribution_of(values, "contribution"), halves())
    assert both["left"].share == 0.75
    assert both["left"].enrichment == 3.0
    assert anatomy(attribution_of(values, "relative"), halves())["left"].share == 0.0


def test_a_regions_number_is_shared_out_over_its_pixels() -> None:
    labels = np.ones((4, 4), int)
    labels[:, 0] = 0
    painted = np.where(labels == 0, 1.0, 3.0).astype(np.float32)
    mass = mass_per_pixel(attribution_of(painted, "contribution", labels), 4)
    assert np.array_equal(mass, np.where(labels == 0, 1 / 4, 3 / 12))
    assert anatomy(attribution_of(painted, "contribution", labels), halves())["left"].share == 0.25


def test_a_map_of_a_number_lies_where_it_is_drawn() -> None:
    values = np.zeros((4, 4), np.float32)
    values[0, 0], values[0, 3] = -3.0, 1.0
    shown = attribution_of(values, "relative")
    assert mass_per_pixel(shown, 4)[0].tolist() == [0, 0, 0, 1]
    density = replace(shown, target=replace(shown.target, unit="g/cm²"))
    assert mass_per_pixel(density, 4)[0].tolist() == [3, 0, 0, 0]


def test_an_empty_map_lies_nowhere() -> None:
    shown = anatomy(attribution_of(-np.ones((4, 4), np.float32), "relative"), halves())
    assert shown.is_empty
    assert shown["left"].share is None
    assert shown["left"].enrichment is None


def test_the_five_parts_are_the_square_and_shares_sum_to_one() -> None:
    case = marked_case()
    parts = segments(case.film, "none")
    assert tuple(part.name for part in parts) == PARTS
    assert np.array_equal(sum(part.mask.astype(int) for part in parts), np.ones((SIZE, SIZE), int))
    values = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32)
    shown = anatomy(attribution_of(values, "contribution"), parts)
    total = sum(part.share for part in shown.parts)
    assert total == pytest.approx(1.0, abs=1e-12)  # float64 sums


def test_a_model_of_the_marker_is_exposed_by_its_gradients() -> None:
    model, case = tiny.loaded(marker_model()), marked_case()
    shown = IntegratedGradients()(model, case, model.target)
    parts = segments(case.film, "none")
    pixels = next(n for n, entry in enumerate(shown.maps) if entry.name == "pixels")
    where = anatomy(shown, parts, number=pixels)
    # in the cell every pixel counts by its distance from the fill, elsewhere none counts
    mask = next(part.mask for part in parts if part.name == "markers")
    cell = np.abs(case.film.pixels.astype(float) - 0.25)
    cell[24:, :], cell[:, :72] = 0.0, 0.0
    share = cell[mask].sum() / cell.sum()
    # float32 pixels, fill and gradients
    assert where["markers"].share == pytest.approx(share, abs=1e-5)
    assert mask[LETTER].all()
    assert where["markers"].enrichment == pytest.approx(share / mask.mean(), rel=1e-4)
    assert where["markers"].enrichment > 15
    assert where["body"].share == 0.0
    assert where.off_patient == pytest.approx(1.0, abs=1e-12)


def test_a_model_of_the_marker_is_exposed_by_lime() -> None:
    model, case = tiny.loaded(marker_model()), marked_case()
    where = anatomy(
        RegionLime(samples=320)(model, case, model.target), segments(case.film, "breast")
    )
    assert where["markers"].enrichment + where["background"].enrichment > 3
    assert where["body"].enrichment < 0.2


def test_a_white_frame_is_found_and_a_bright_body_at_the_edge_is_not() -> None:
    pixels = np.full((100, 100), 0.4, np.float32)
    pixels[:5], pixels[:, 97:] = 1.0, 1.0
    pixels[60:, 20:80] = 0.95
    film = np.ones((100, 100), bool)
    expected = np.zeros((100, 100), bool)
    expected[:5], expected[:, 97:] = True, True
    assert np.array_equal(frame(pixels, film), expected)


def test_noise_has_no_hip_and_says_so() -> None:
    noise = np.random.default_rng(0).random((224, 224), dtype=np.float32)
    neck, whole = femur(noise, np.zeros((224, 224), bool))
    assert not neck.is_found
    assert neck.reason == whole.reason
    assert neck.reason.startswith("outline not found")


def test_a_film_without_air_is_all_body() -> None:
    parts = split(np.full((64, 64), 0.5, np.float32), np.zeros((64, 64), bool))
    assert parts.body.all()


@pytest.mark.parametrize(
    ("system", "name", "least"),
    [
        ("hip", "proximal femur", 0.90),
        ("hip", "femoral neck", 0.65),
        ("breast", "breast", 0.96),
        ("chest", "lung fields", 0.82),
        ("chest", "heart and mediastinum", 0.80),
    ],
)
def test_outlines_on_two_phantoms_reach_what_the_benchmark_states(
    system: str, name: str, least: float
) -> None:
    for seed in (42_000_000, 42_000_001):
        phantom = drawn(system, seed)
        segment = next(part for part in found(system, phantom) if part.name == name)
        assert segment.is_found
        assert dice(segment.mask, phantom.truth[name]) > least


def test_a_chest_has_no_femur_and_a_hip_no_lungs() -> None:
    from xattn.trust.segment_chest import thorax_parts

    chest, hip = drawn("chest", 42_000_000), drawn("hip", 42_000_000)
    assert not femur(chest.pixels, chest.padding)[0].is_found
    background = split(hip.pixels, hip.padding).background
    assert not thorax_parts(hip.pixels, background, hip.padding)[0].is_found
