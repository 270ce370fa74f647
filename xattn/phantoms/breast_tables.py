"""The probabilities of the breast phantom's causal graph: data only.

Every row is P(option | benign), P(option | malignant). Option counts lean on the official
CBIS-DDSM case tables; the split by disease follows the direction, not the size, of the
published signs (spiculated, irregular, pleomorphic, branching and segmental raise;
circumscribed, oval, lucent-centred, vascular and eggshell lower). Strengths are set so that
neither the film nor the form is enough alone (docs/phantoms.md).
"""

DENSITIES = ("1", "2", "3", "4")
DENSITY = (0.12, 0.40, 0.32, 0.16)

DENSITY_LOG_ODDS = (-0.30, -0.10, 0.10, 0.30)
"""Shift of the log-odds of malignancy by density: a dense breast also raises the risk."""

SITE_LOG_ODDS = 0.4
"""In the confounded split site 1 adds, site 0 subtracts this much; else nothing."""

INTERCEPT = {True: -0.38519, False: -0.37082}
"""Keyed by `confounded`; both give a prevalence of 0.41 (tests/phantoms)."""

OCCULT = (0.02, 0.06, 0.14, 0.26)
"""P(a mass leaves no trace on this film | density)."""

DENSITY_READER = (
    (0.88, 0.12, 0.00, 0.00),
    (0.07, 0.84, 0.09, 0.00),
    (0.00, 0.09, 0.83, 0.08),
    (0.00, 0.00, 0.13, 0.87),
)

LESION_TYPE: dict[str, tuple[float, float]] = {
    "mass": (0.46, 0.50),
    "calcification": (0.47, 0.37),
    "both": (0.07, 0.13),
}

MASS_SHAPE: dict[str, tuple[float, float]] = {
    "IRREGULAR": (0.22, 0.36),
    "OVAL": (0.30, 0.20),
    "LOBULATED": (0.21, 0.22),
    "ROUND": (0.12, 0.07),
    "ARCHITECTURAL_DISTORTION": (0.07, 0.11),
    "LYMPH_NODE": (0.04, 0.005),
    "FOCAL_ASYMMETRIC_DENSITY": (0.02, 0.02),
    "ASYMMETRIC_BREAST_TISSUE": (0.02, 0.015),
}

MASS_MARGINS: dict[str, tuple[float, float]] = {
    "ILL_DEFINED": (0.24, 0.31),
    "CIRCUMSCRIBED": (0.37, 0.17),
    "SPICULATED": (0.12, 0.29),
    "OBSCURED": (0.19, 0.14),
    "MICROLOBULATED": (0.08, 0.09),
}

CALC_TYPE: dict[str, tuple[float, float]] = {
    "PLEOMORPHIC": (0.30, 0.46),
    "PUNCTATE": (0.13, 0.12),
    "AMORPHOUS": (0.10, 0.12),
    "LUCENT_CENTER": (0.12, 0.06),
    "ROUND_AND_REGULAR": (0.11, 0.05),
    "FINE_LINEAR_BRANCHING": (0.04, 0.12),
    "VASCULAR": (0.07, 0.02),
    "COARSE": (0.05, 0.02),
    "LUCENT_CENTERED": (0.03, 0.01),
    "EGGSHELL": (0.02, 0.005),
    "DYSTROPHIC": (0.012, 0.006),
    "LARGE_RODLIKE": (0.009, 0.004),
    "SKIN": (0.007, 0.004),
    "MILK_OF_CALCIUM": (0.002, 0.001),
}

CALC_DISTRIBUTION: dict[str, tuple[float, float]] = {
    "CLUSTERED": (0.60, 0.55),
    "SEGMENTAL": (0.10, 0.20),
    "LINEAR": (0.08, 0.15),
    "REGIONAL": (0.13, 0.07),
    "DIFFUSELY_SCATTERED": (0.09, 0.03),
}

SIZE_MM = ((11.0, 17.0), 0.42)
"""Medians (benign, malignant) and the common standard deviation of ln(size)."""
SIZE_RANGE_MM = (5.0, 40.0)

SKIN: dict[str, tuple[float, float]] = {
    "normal": (0.955, 0.74),
    "thickened": (0.030, 0.13),
    "retracted": (0.015, 0.13),
}
STRANDS = (0.09, 0.35)
SATELLITE = (0.09, 0.24)

OTHER_VIEW: dict[str, tuple[float, float]] = {
    "reassuring": (0.77, 0.07),
    "neutral": (0.16, 0.14),
    "worrying": (0.07, 0.79),
}
"""How the lesion looks in the view that is not this film: seen by the reader alone."""

READER_ACCURACY = {
    "mass_shape": 0.66,
    "mass_margins": 0.80,
    "calc_type": 0.66,
    "calc_distribution": 0.80,
}
"""P(the reader names the true option); the rest is spread by how often options occur."""

OTHER_VIEW_WEIGHT = {"mass_margins": 0.78, "calc_distribution": 0.78}
"""P(the reader describes what the other view shows instead of this film)."""

OTHER_VIEW_MARGINS: dict[str, tuple[float, ...]] = {
    "reassuring": (0.05, 0.74, 0.01, 0.17, 0.03),
    "neutral": (0.32, 0.22, 0.14, 0.22, 0.10),
    "worrying": (0.23, 0.01, 0.64, 0.03, 0.09),
}

OTHER_VIEW_DISTRIBUTION: dict[str, tuple[float, ...]] = {
    "reassuring": (0.24, 0.01, 0.01, 0.40, 0.34),
    "neutral": (0.70, 0.11, 0.09, 0.06, 0.04),
    "worrying": (0.18, 0.43, 0.37, 0.01, 0.01),
}
