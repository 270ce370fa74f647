"""What the viewer is sent, read back as its script reads it."""

from dataclasses import replace

import numpy as np
import pytest

from pages.parts.belief import Mark
from pages.parts.message import pack
from pages.parts.scene import Around, Panel, region_values, scene
from tests import tiny
from tests.app.viewer_stage import unpack
from xattn.data.placement import Box
from xattn.data.schemas import BREAST, HIP
from xattn.explain import EXPLAINERS
from xattn.explain.interactions import FieldRegionInteraction
from xattn.explain.overlay import lookup_table, scale_for
from xattn.explain.regions import paint
from xattn.models.attention import IMAGE_TO_CLINICAL
from xattn.records import Map
from xattn.reports.reading import Clause
from xattn.systems import SYSTEMS
from xattn.trust.tries import Try


def test_a_blob_gives_back_its_arrays_each_on_four_bytes() -> None:
    given = {
        "odd": np.arange(5, dtype=np.uint8),
        "grid": np.array([[0.5, -1.25], [3, 4]], dtype=np.float32),
    }
    blob = pack({"kind": "test", "name": "ä"}, given)
    header, arrays = unpack(blob)
    assert header["name"] == "ä"
    assert int.from_bytes(blob[:4], "little") % 4 == 0
    assert [place["offset"] for place in header["arrays"].values()] == [0, 8]
    for name, array in given.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_a_number_that_json_has_no_word_for_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"low": float("nan")}, {})


def test_the_numbers_of_regions_are_read_off_their_picture() -> None:
    labels = np.array([[0, 0, 1], [2, 2, 1]])
    numbers = np.array([0.5, -2, 7], dtype=np.float32)
    np.testing.assert_array_equal(region_values(paint(numbers, labels), labels), numbers)


@pytest.fixture(scope="module")
def drawn() -> tuple[dict, dict[str, np.ndarray], dict]:
    model, case = tiny.breast_model(), tiny.case()
    shown = {
        name: EXPLAINERS[name](model, case, model.target)
        for name in ("gradcam", "attention", "integrated")
    }
    panels = [
        Panel("original", "Film"),
        Panel("lime", "LIME", "pending", mark=Mark("not checked yet")),
    ]
    panels += [Panel(name, name, shown=entry) for name, entry in shown.items()]
    header, arrays = unpack(scene(case, panels, BREAST))
    return header, arrays, shown


def test_a_pending_panel_has_a_state_and_no_map(drawn: tuple) -> None:
    header, _, _ = drawn
    original, lime = header["panels"][:2]
    assert lime["state"] == "pending"
    assert (header["line"], header["covered"], header["canCover"]) == ([], None, True)
    assert (original["mark"], lime["mark"]["answer"]) == (None, "not checked yet")
    assert "map" not in lime
    assert "map" not in original
    assert header["box"] is None


def test_maps_arrive_with_the_numbers_and_place_they_have(drawn: tuple) -> None:
    header, arrays, shown = drawn
    panels = {panel["key"]: panel for panel in header["panels"]}
    np.testing.assert_array_equal(arrays["gradcam"], shown["gradcam"].maps[0].values)
    assert panels["gradcam"]["isSmooth"]
    assert panels["gradcam"]["crop"] == {"left": 0.0, "top": 0.0, "side": tiny.SIZE}
    integrated = panels["integrated"]
    painted = arrays[integrated["map"]][arrays[integrated["labels"]]]
    np.testing.assert_array_equal(painted, shown["integrated"].maps[0].values)


def test_attention_arrives_by_field_and_head_and_sums_to_one(drawn: tuple) -> None:
    header, arrays, _ = drawn
    panel = next(panel for panel in header["panels"] if panel["key"] == "attention")
    assert panel["heads"] == ["all heads", "head 1", "head 2", "head 3", "head 4"]
    known = {field["name"] for field in panel["fields"] if field["isKnown"]}
    assert known == {"density", "mass_shape", "mass_margins"}
    for head in range(5):
        total = sum(arrays[field["maps"][head]] for field in panel["fields"])
        np.testing.assert_allclose(total, 1.0, atol=1e-6)  # five float32 shares


def test_scales_are_those_of_the_overlay_one_per_kind_and_two_per_relative_map(
    drawn: tuple,
) -> None:
    header, arrays, shown = drawn
    relative = {"for/gradcam", "against/gradcam"}
    shares = "attention/share of attention"
    assert set(header["scales"]) == {shares, "contribution/log-odds"} | relative
    scale = scale_for([shown["integrated"]], "contribution")
    sent = header["scales"]["contribution/log-odds"]
    assert (sent["low"], sent["high"], sent["unit"]) == (scale.low, scale.high, "log-odds")
    np.testing.assert_array_equal(arrays[sent["table"]], lookup_table(scale))
    against, for_it = (header["scales"][f"{side}/gradcam"] for side in ("against", "for"))
    assert against["low"] == -for_it["high"]


def test_maps_without_a_unit_in_common_have_each_their_own_scale() -> None:
    """Grad-CAM has the model's calibrated top, 0.5; LayerCAM the largest value of this map."""
    model, case = tiny.breast_model(), tiny.case()
    shown = {name: EXPLAINERS[name](model, case, model.target) for name in ("gradcam", "layercam")}
    panels = [Panel(name, name, shown=entry) for name, entry in shown.items()]
    header, _ = unpack(scene(case, panels, BREAST))
    tops = {name: header["scales"][f"for/{name}"]["high"] for name in shown}
    assert tops == {"gradcam": 0.5, "layercam": dict(shown["layercam"].figures)["scale"]}
    sides = {panel["key"]: panel["sides"][1]["scale"] for panel in header["panels"]}
    assert sides == {name: f"against/{name}" for name in shown}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_relative_map_of_a_number_opens_on_its_larger_side(sign: int) -> None:
    model, case = tiny.model_of("hip"), tiny.case_of("hip")
    shown = EXPLAINERS["gradcam"](model, case, model.target)
    values = np.float32(sign) * np.abs(shown.maps[0].values)
    entry = replace(shown, maps=(Map(shown.maps[0].name, values),))
    header, _ = unpack(scene(case, [Panel("gradcam", "Grad-CAM", shown=entry)], HIP))
    first, second = header["panels"][0]["sides"]
    larger, smaller = (("for", "raises"), ("against", "lowers"))[::sign]
    assert first == {
        "label": larger[1],
        "words": f"what {larger[1]} it, the larger side",
        "scale": f"{larger[0]}/gradcam",
    }
    assert second["words"] == f"what {smaller[1]} it"


def test_a_finding_opens_on_what_speaks_for_it() -> None:
    model, case = tiny.breast_model(), tiny.case()
    shown = EXPLAINERS["gradcam"](model, case, model.target)
    entry = replace(shown, maps=(Map("malignant", -np.abs(shown.maps[0].values)),))
    header, _ = unpack(scene(case, [Panel("gradcam", "Grad-CAM", shown=entry)], BREAST))
    words = [side["words"] for side in header["panels"][0]["sides"]]
    assert words == ["what speaks for", "what speaks against"]


def test_the_box_of_a_gate_is_framed_in_file_pixels() -> None:
    model = tiny.model_of("chest")
    case = tiny.case_of("chest")
    entry = EXPLAINERS["mxa"](model, case, model.target)
    placement = replace(entry.placement, left=-10.0, top=20.0, side=200.0)
    corners = (("box left", 0.25), ("box top", 0.5), ("box right", 0.75), ("box bottom", 0.875))
    entry = replace(entry, placement=placement, figures=(("scale", 1.0), *corners))
    header, arrays = unpack(
        scene(case, [Panel("mxa", "MXA", shown=entry)], SYSTEMS["chest"].schema)
    )
    (panel,) = header["panels"]
    assert panel["frame"] == [40.0, 120.0, 100.0, 75.0]
    assert "sides" not in panel
    painted = arrays["mxa"][arrays["mxa/regions"]]
    np.testing.assert_array_equal(painted, entry.maps[0].values)


@pytest.mark.parametrize(
    ("name", "heads", "sides"),
    [("attention-norm", 5, 0), ("attention-gradient", 5, 2), ("attention-rollout", 1, 0)],
)
def test_attention_read_in_other_ways_arrives_by_field(name: str, heads: int, sides: int) -> None:
    model, case = tiny.breast_model(), tiny.case()
    shown = EXPLAINERS[name](model, case, model.target)
    attention = EXPLAINERS["attention"](model, case, model.target)
    panels = [Panel("attention", "Attention", shown=attention), Panel(name, name, shown=shown)]
    header, arrays = unpack(scene(case, panels, BREAST))
    _, panel = header["panels"]
    assert [field["name"] for field in panel["fields"]] == list(BREAST.names)
    assert len(panel["heads"]) == heads
    assert len(panel.get("sides", ())) == sides
    first = panel["fields"][0]["maps"][0]
    np.testing.assert_array_equal(arrays[first], shown.map(f"{IMAGE_TO_CLINICAL}/density").values)
    assert header["scales"][panel["scale"]]["unit"] == (shown.unit or "no unit")


def test_interactions_arrive_as_a_number_per_region_for_each_known_field() -> None:
    model, case = tiny.breast_model(), tiny.case()
    shown = FieldRegionInteraction(most=32)(model, case, model.target)
    header, arrays = unpack(scene(case, [Panel("interactions", "", shown=shown)], BREAST))
    (panel,) = header["panels"]
    assert {field["name"] for field in panel["fields"]} == set(case.form.known) - {"lesion_type"}
    for field in panel["fields"]:
        painted = arrays[field["maps"][0]][arrays[panel["labels"]]]
        np.testing.assert_array_equal(painted, shown.map(field["name"]).values)


def test_the_line_and_what_is_covered_stand_around_the_panels() -> None:
    case, target = tiny.case(), tiny.breast_model().target
    made = Try(case.digest, target, "covered", "", "", 0.5, -0.25, Box(1, 2, 30, 40))
    around = Around((Clause("Film +1.0", "shapley"),), made, "pending", can_cover=False)
    header, _ = unpack(scene(case, [Panel("original", "Film")], BREAST, around=around))
    assert header["line"] == [{"words": "Film +1.0", "figure": "shapley"}]
    assert header["covered"] == {
        "box": [1, 2, 30, 40],
        "words": "probability 0.44 instead of 0.62 (−0.75 log-odds)",
    }
    assert (header["evidence"], header["canCover"]) == ("pending", False)
