"""The numbers of the hip phantom's causal graph: one linear equation per variable.

Which arrows exist and their signs are common teaching; the strengths are chosen so that film and
form must be read together (docs/phantoms_hip.md), and are not estimates.
"""

import math
from dataclasses import dataclass

SEXES = ("FEMALE", "MALE")
SMOKING = ("NEVER", "EX", "CURRENT")
MALE = 0.48
"""P(male)."""
SMOKED = ((0.60, 0.28, 0.12), (0.42, 0.40, 0.18))
"""P(smoking | sex), rows as in `SEXES`."""

AGES = tuple(range(50, 87))
"""Age at the radiograph in whole years, so that a scan of up to four years later ends at 90."""
SITE_AGE = (62.5, 73.5)
"""Mean age by site in the confounded split, before the ages are cut to `AGES`."""
AGE_SPREAD = 8.0
GAPS = tuple(tenth / 10 for tenth in range(1, 41))
"""Years from radiograph to densitometry, each as likely as the others."""

MEAN_AGE = 68.0
MEAN_HEIGHT = 166.0
MEAN_WEIGHT = 76.0


@dataclass(frozen=True, slots=True)
class Equation:
    """A variable = start + Σ factor × parent + normal noise."""

    start: float
    parents: dict[str, float]
    spread: float
    """Standard deviation of the noise."""


COVARIATES = ("age", "male", "ex", "current", "site", "gap")
"""What the equations' parents may be besides variables: age less `MEAN_AGE`, flags, years."""

EQUATIONS = {
    "height": Equation(math.log(160.0 / MEAN_HEIGHT), {"male": 0.080, "age": -0.0008}, 0.039),
    "diet": Equation(0.10, {"male": -0.25, "current": -0.5}, 0.90),
    "weight": Equation(
        math.log(75.0 / MEAN_WEIGHT),
        {"height": 1.3, "male": 0.055, "age": -0.003, "current": -0.05},
        0.165,
    ),
    "alcohol": Equation(math.log(2.5), {"male": 0.8, "ex": 0.2, "current": 0.4}, 0.65),
    "activity": Equation(math.log(5.0), {"age": -0.015, "diet": 0.15, "current": -0.2}, 0.48),
    "tissue": Equation(20.0, {"weight": 14.0, "height": -14.0}, 0.9),
    "mineral": Equation(
        0.880,
        {
            "age": -0.005,
            "male": 0.040,
            "weight": 0.31,
            "ex": -0.012,
            "current": -0.040,
            "alcohol": -0.018,
            "activity": 0.030,
            "diet": 0.014,
        },
        0.118,
    ),
    "bmd": Equation(0.0, {"mineral": 1.0, "gap": -0.006}, 0.012),
    "contrast": Equation(1.21, {"mineral": 1.0, "tissue": -0.060, "site": -0.04}, 0.070),
    "cortex": Equation(2.9, {"mineral": 3.0, "age": -0.01}, 0.92),
    "trabeculae": Equation(0.4, {"mineral": 3.8}, 1.15),
    "fat": Equation(-10.0, {"tissue": 2.2, "male": -6.0}, 9.0),
    "size": Equation(0.98, {"height": 0.5, "male": 0.04}, 0.035),
    "reported height": Equation(0.004, {"height": 1.0, "age": 0.0002}, 0.007),
    "reported weight": Equation(-0.015, {"weight": 1.0}, 0.030),
    "reported alcohol": Equation(-0.15, {"alcohol": 1.0}, 0.40),
    "reported activity": Equation(0.20, {"activity": 1.0}, 0.40),
    "reported diet": Equation(0.0, {"diet": 1.0}, 0.50),
    "reported bmi": Equation(0.0, {"reported weight": 1.0, "reported height": -2.0}, 0.0),
}
"""Every variable in an order in which parents come first.

Logarithms: height and weight over their means, alcohol (units a week), activity (hours a week), and
what is reported of them. diet: SD. tissue: front to back in cm. mineral: of the neck when the
film is made, g/cm2; bmd: what the densitometer says a gap of years later. The film's views:
contrast (apparent mineral, g/cm2), cortex (of the shaft, mm), trabeculae (Singh's grade, 1 to 6),
fat (beside the trochanter, mm), size (all lengths, about 1).
"""

VIEWS = ("contrast", "cortex", "trabeculae", "fat", "size")
"""What the film shows of a patient; its site it shows as well."""
USUAL = {
    "height": MEAN_HEIGHT,
    "weight": MEAN_WEIGHT,
    "bmi": MEAN_WEIGHT / (MEAN_HEIGHT / 100) ** 2,
    "alcohol": 1.0,
    "activity": 1.0,
}
"""What the form's numbers are divided by before their logarithm is taken; diet is as it is."""
LARGEST_REPORT = {"alcohol": 150.0, "activity": 80.0}
"""Where the form's two skewed numbers end; one case in a hundred thousand lies beyond."""
REPORTED = ("height", "weight", "bmi", "alcohol", "activity", "diet")
"""Numbers in the form, each a noisy copy of a variable."""
