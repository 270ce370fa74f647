"""What each system expects of its film: data only, read by the checks of the gate.

Codes are DICOM's (PS3.3 C.7.3.1.1.1, PS3.16 Annex L). Expected codes pass, tolerated ones warn, any
other blocks until acknowledged; a film that states none is judged by its pixels alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes that fit, and codes that may."""

    expected: frozenset[str]
    tolerated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the film of one system must be like."""

    noun: str
    """What the film shows, in the reasons."""
    modality: Codes
    body_part: Codes
    view: Codes
    lowest_age: int
    """Years; patients below it were not trained on."""
    metal: str
    """What bright sharp areas on such a film are likely to be."""
    form_facts: Mapping[str, str]
    """From header facts to the fields of the form that state the same."""
    unchecked: Mapping[str, str]
    """Faults that pixels and header cannot show, with the reason that is given."""


_ANY_XRAY = frozenset({"RG", "RF", "OT", "SC"})

EXPECTATIONS: Mapping[str, Expectation] = {
    "hip": Expectation(
        noun="hip",
        modality=Codes(frozenset({"CR", "DX"}), _ANY_XRAY),
        body_part=Codes(frozenset({"HIP"}), frozenset({"PELVIS", "FEMUR", "EXTREMITY", "LEG"})),
        view=Codes(frozenset({"AP"}), frozenset({"PA"})),
        lowest_age=50,
        metal="a joint replacement, a nail or screws",
        form_facts={"patient sex": "sex", "patient age in years": "age_at_xray"},
        unchecked={
            "fracture": "a fracture is not looked for in the pixels; do not read the density of a "
            "broken hip from this model.",
        },
    ),
    "breast": Expectation(
        noun="mammogram",
        modality=Codes(frozenset({"MG"}), frozenset({"CR", "DX", "RG", "OT", "SC"})),
        body_part=Codes(frozenset({"BREAST"})),
        view=Codes(frozenset({"CC", "MLO"}), frozenset({"ML", "LM", "XCCL", "LMO", "FB"})),
        lowest_age=18,
        metal="a clip, a wire or a pacemaker",
        form_facts={},
        unchecked={
            "breast implant": "an implant is as smooth and bright as dense tissue, and the rule "
            "for metal does not see it.",
        },
    ),
    "chest": Expectation(
        noun="frontal chest film",
        modality=Codes(frozenset({"CR", "DX"}), _ANY_XRAY),
        body_part=Codes(frozenset({"CHEST"}), frozenset({"THORAX", "LUNG"})),
        view=Codes(frozenset({"AP", "PA"})),
        lowest_age=18,
        metal="a pacemaker, electrodes or a marker",
        form_facts={
            "patient sex": "sex",
            "patient age in years": "age",
            "view position": "projection",
        },
        unchecked={},
    ),
}
