"""The ten fields of the hip form, after XAttn-BMD (arXiv 2511.14604): data and two rules.

The paper names the fields; units, coding and ranges are ours. `supported` holds 99 % of the
phantoms that the shipped model was trained on; `centre` and `spread` are their mean and SD.
"""

from xattn.data.clinical import Schema
from xattn.data.derived import Derived
from xattn.data.fields import Choice, Number, Option

_OUTCOME = "BMD is what the model estimates, and a T-score or Z-score is computed from it."
_FRACTURE = "a fracture is an outcome of low bone density and known only afterwards."


def body_mass_index(height: float, weight: float) -> float:
    """Weight in kg over the square of height, given in cm: kg/m²."""
    return weight / (height / 100) ** 2


def same_age(age: float) -> float:
    """The age at the X-ray, for a scan that does not exist when the film is read."""
    return age


HIP = Schema(
    name="hip",
    fields=(
        Number(
            name="age_at_xray",
            label="Age at X-ray",
            aliases=("age", "patient age"),
            help="Age on the day of the film.",
            unit="years",
            low=18,
            high=120,
            supported=(50, 86),
            centre=68,
            spread=8.5,
        ),
        Number(
            name="age_at_scan",
            label="Age at BMD scan",
            aliases=("age at DXA",),
            help="Leave empty where there is no scan: the age at the X-ray is used.",
            unit="years",
            low=18,
            high=120,
            supported=(50, 90),
            centre=70,
            spread=8.5,
        ),
        Number(
            name="height",
            label="Height",
            aliases=("height cm",),
            help="Standing height in centimetres, not metres or inches.",
            unit="cm",
            low=120,
            high=220,
            supported=(145, 192),
            centre=167,
            spread=9.5,
        ),
        Number(
            name="weight",
            label="Weight",
            aliases=("weight kg", "body weight"),
            help="Body weight in kilograms, not pounds.",
            unit="kg",
            low=25,
            high=250,
            supported=(45, 125),
            centre=77,
            spread=15,
        ),
        Number(
            name="bmi",
            label="BMI",
            aliases=("body mass index",),
            help="Leave empty to have it computed from height and weight; it is checked otherwise.",
            unit="kg/m²",
            low=10,
            high=100,
            supported=(17, 43),
            centre=27.5,
            spread=4.8,
        ),
        Number(
            name="alcohol",
            label="Alcohol",
            aliases=("alcohol consumption", "units per week"),
            help="UK units a week (one unit is 8 g of ethanol); 0 for somebody who does not drink.",
            unit="units/week",
            low=0,
            high=300,
            supported=(0, 35),
            centre=5,
            spread=6,
        ),
        Number(
            name="activity",
            label="Physical activity",
            aliases=("exercise",),
            help="Hours a week of walking, gardening, sport and the like.",
            unit="hours/week",
            low=0,
            high=168,
            supported=(0, 36),
            centre=7.5,
            spread=6,
        ),
        Number(
            name="diet",
            label="Diet quality",
            aliases=("diet quality score", "prudent diet score", "diet score"),
            help="Prudent diet score in standard deviations of its cohort; higher is better.",
            unit="SD",
            low=-6,
            high=6,
            supported=(-3, 3),
            centre=0,
            spread=1,
        ),
        Choice(
            name="sex",
            label="Sex",
            aliases=("patient sex", "gender"),
            help="T-score-equivalents use the female reference for both.",
            options=(Option("FEMALE", "female", ("F",)), Option("MALE", "male", ("M",))),
        ),
        Choice(
            name="smoking",
            label="Smoking",
            aliases=("smoking status",),
            help="Cigarettes, cigars or pipe.",
            options=(
                Option("NEVER", "never", ("never smoked", "never smoker", "non-smoker")),
                Option("EX", "ex-smoker", ("former", "former smoker")),
                Option("CURRENT", "current", ("current smoker", "smoker")),
            ),
        ),
    ),
    derived=(
        Derived(
            name="age_at_scan",
            sources=("age_at_xray",),
            formula=same_age,
            words="taken as the age at the X-ray",
        ),
        Derived(
            name="bmi",
            sources=("height", "weight"),
            formula=body_mass_index,
            tolerance=1.0,
            words="from height and weight",
        ),
    ),
    groups=(
        ("Body size", ("height", "weight", "bmi")),
        ("Age", ("age_at_xray", "age_at_scan")),
    ),
    never=(
        *((name, _OUTCOME) for name in ("bmd", "bone mineral density", "femoral neck BMD")),
        *((name, _OUTCOME) for name in ("t_score", "tscore", "z_score", "zscore", "DXA")),
        *((name, _OUTCOME) for name in ("diagnosis", "osteoporosis", "osteopenia")),
        *((name, _FRACTURE) for name in ("fracture", "hip fracture", "fracture outcome")),
        ("FRAX", "FRAX may contain the BMD that the model estimates."),
    ),
)
