"""The fields of each system: data only.

Breast: the 36 slots that the public CBIS-DDSM description tables hold, counted on them, in the
order written here (4 density, 8 shape, 5 margins, 14 calcification types, 5 distributions).
The group sizes match arXiv 2508.16000; the order inside a group is ours.
"""

from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Option
from xattn.data.schemas_chest import CHEST
from xattn.data.schemas_hip import HIP

__all__ = ["BREAST", "CHEST", "HIP"]


def _options(*codes: str) -> tuple[Option, ...]:
    return tuple(Option(code, code.replace("_", " ").lower()) for code in codes)


BREAST = Schema(
    name="breast",
    variant=Choice(
        name="lesion_type",
        label="Lesion",
        aliases=("abnormality type",),
        help="What the descriptors speak of: decides which apply, and is no input itself.",
        options=(
            Option("mass", "mass"),
            Option("calcification", "calcification", ("calc",)),
            Option("both", "mass with calcification"),
        ),
    ),
    applies=(
        ("mass", ("density", "mass_shape", "mass_margins")),
        ("calcification", ("density", "calc_type", "calc_distribution")),
        ("both", ("density", "mass_shape", "mass_margins", "calc_type", "calc_distribution")),
    ),
    fields=(
        Choice(
            name="density",
            label="Breast density",
            aliases=("breast_density",),
            help="1 (almost fat) to 4 (extremely dense): DDSM's older scale, not BI-RADS a to d.",
            options=tuple(
                Option(code, f"{code} {words}")
                for code, words in (
                    ("1", "almost fat"),
                    ("2", "scattered"),
                    ("3", "heterogeneous"),
                    ("4", "extreme"),
                )
            ),
        ),
        Choice(
            name="mass_shape",
            label="Mass shape",
            multiple=True,
            help="Outline of the mass as the reader describes it.",
            options=_options(
                "IRREGULAR",
                "OVAL",
                "LOBULATED",
                "ROUND",
                "ARCHITECTURAL_DISTORTION",
                "LYMPH_NODE",
                "FOCAL_ASYMMETRIC_DENSITY",
                "ASYMMETRIC_BREAST_TISSUE",
            ),
        ),
        Choice(
            name="mass_margins",
            label="Mass margins",
            multiple=True,
            help="Border of the mass as the reader describes it.",
            options=_options(
                "ILL_DEFINED", "CIRCUMSCRIBED", "SPICULATED", "OBSCURED", "MICROLOBULATED"
            ),
        ),
        Choice(
            name="calc_type",
            label="Calcification type",
            multiple=True,
            help="Form of the calcifications. The tables spell lucent-centred in two ways.",
            options=_options(
                "PLEOMORPHIC",
                "PUNCTATE",
                "AMORPHOUS",
                "LUCENT_CENTER",
                "ROUND_AND_REGULAR",
                "FINE_LINEAR_BRANCHING",
                "VASCULAR",
                "COARSE",
                "LUCENT_CENTERED",
                "EGGSHELL",
                "DYSTROPHIC",
                "LARGE_RODLIKE",
                "SKIN",
                "MILK_OF_CALCIUM",
            ),
        ),
        Choice(
            name="calc_distribution",
            label="Calcification distribution",
            multiple=True,
            help="Arrangement of the calcifications.",
            options=_options("CLUSTERED", "SEGMENTAL", "LINEAR", "REGIONAL", "DIFFUSELY_SCATTERED"),
        ),
    ),
    never=(
        ("assessment", "the BI-RADS assessment is the reader's own verdict and leaks the label."),
        ("birads", "the BI-RADS assessment is the reader's own verdict and leaks the label."),
        ("bi_rads", "the BI-RADS assessment is the reader's own verdict and leaks the label."),
        ("subtlety", "subtlety was rated with the outcome known."),
        ("pathology", "pathology is what the model estimates."),
    ),
)
