"""How far an entry may plausibly be wrong: by reader, by instrument or by memory. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass

_ASSUMED = "our assumption"
_BERG = "Berg et al. 2000, AJR 174:1769-77 (abstract): interobserver kappa"
_PAIRS = "which descriptors are neighbours is our assumption"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """By how much an entry may differ between careful people: an amount, or neighbouring answers.

    With neither the entry is taken as exact and no error of it is tried.
    """

    within: float = 0.0
    """In the field's unit, either way."""
    neighbours: tuple[tuple[str, str], ...] = ()
    """Answers that are taken for one another, either way."""
    source: str

    def neighbours_of(self, code: str) -> tuple[str, ...]:
        """The answers that this one is taken for."""
        ahead = [b for a, b in self.neighbours if a == code]
        return (*ahead, *(a for a, b in self.neighbours if b == code))


_EXACT = Slack(source=f"from the record, taken as exact: {_ASSUMED}")

PLAUSIBLE: Mapping[str, Mapping[str, Slack]] = {
    "hip": {
        "age_at_xray": _EXACT,
        "age_at_scan": _EXACT,
        "height": Slack(within=1.5, source=f"between measurements in cm: {_ASSUMED}"),
        "weight": Slack(within=2.0, source=f"clothes, scales and day, in kg: {_ASSUMED}"),
        "bmi": Slack(within=0.8, source=f"from height and weight in kg/m²: {_ASSUMED}"),
        "alcohol": Slack(within=5.0, source=f"self-reported units a week: {_ASSUMED}"),
        "activity": Slack(within=3.0, source=f"self-reported hours a week: {_ASSUMED}"),
        "diet": Slack(within=0.5, source=f"questionnaire, in SD: {_ASSUMED}"),
        "sex": _EXACT,
        "smoking": Slack(
            neighbours=(("NEVER", "EX"), ("EX", "CURRENT")),
            source=f"self-reported: {_ASSUMED}",
        ),
    },
    "breast": {
        "density": Slack(
            neighbours=(("1", "2"), ("2", "3"), ("3", "4")),
            source=f"{_BERG} 0.43; {_PAIRS}.",
        ),
        "mass_shape": Slack(
            neighbours=(
                ("ROUND", "OVAL"),
                ("OVAL", "LOBULATED"),
                ("LOBULATED", "IRREGULAR"),
                ("IRREGULAR", "ARCHITECTURAL_DISTORTION"),
                ("FOCAL_ASYMMETRIC_DENSITY", "ASYMMETRIC_BREAST_TISSUE"),
                ("FOCAL_ASYMMETRIC_DENSITY", "IRREGULAR"),
                ("LYMPH_NODE", "OVAL"),
            ),
            source=f"{_BERG} 0.28; {_PAIRS}.",
        ),
        "mass_margins": Slack(
            neighbours=(
                ("CIRCUMSCRIBED", "OBSCURED"),
                ("CIRCUMSCRIBED", "MICROLOBULATED"),
                ("OBSCURED", "ILL_DEFINED"),
                ("MICROLOBULATED", "ILL_DEFINED"),
                ("ILL_DEFINED", "SPICULATED"),
            ),
            source=f"{_BERG} 0.40; {_PAIRS}.",
        ),
        "calc_type": Slack(
            neighbours=(
                ("PUNCTATE", "AMORPHOUS"),
                ("PUNCTATE", "ROUND_AND_REGULAR"),
                ("AMORPHOUS", "PLEOMORPHIC"),
                ("PLEOMORPHIC", "FINE_LINEAR_BRANCHING"),
                ("COARSE", "DYSTROPHIC"),
                ("LUCENT_CENTER", "EGGSHELL"),
                ("LUCENT_CENTERED", "EGGSHELL"),
                ("LUCENT_CENTER", "SKIN"),
                ("LUCENT_CENTERED", "SKIN"),
                ("LARGE_RODLIKE", "VASCULAR"),
            ),
            source=f"{_BERG} 0.36; {_PAIRS}.",
        ),
        "calc_distribution": Slack(
            neighbours=(
                ("CLUSTERED", "LINEAR"),
                ("CLUSTERED", "REGIONAL"),
                ("LINEAR", "SEGMENTAL"),
                ("SEGMENTAL", "REGIONAL"),
                ("REGIONAL", "DIFFUSELY_SCATTERED"),
            ),
            source=f"{_BERG} 0.47; {_PAIRS}.",
        ),
    },
    "chest": {
        "age": _EXACT,
        "sex": _EXACT,
        "projection": Slack(
            neighbours=(("AP", "PA"),),
            source=f"headers and reports name the projection wrongly at times: {_ASSUMED}",
        ),
        "view": _EXACT,
    },
}
"""By system and field. One change at a time stays within it."""
