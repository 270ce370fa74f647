"""The probabilities of the chest phantom's causal graph: data only.

Directions follow the field's common teaching (heart failure brings a large heart, edema and
effusions; critical illness brings the AP projection, devices and atelectasis). Strengths are
chosen so that neither the film nor the form is enough alone (docs/phantoms_chest.md).
"""

from typing import NamedTuple

AGES = ((18, 35), (35, 50), (50, 65), (65, 80), (80, 95))
"""Bins of age in years; within a bin age says nothing more."""
AGE_SHARES = (0.16, 0.19, 0.28, 0.25, 0.12)
SEXES = ("FEMALE", "MALE")
SEX_SHARES = (0.48, 0.52)
PROJECTIONS = ("PA", "AP")

DISEASES = ("critical", "heart_failure", "infection", "chronic_lung", "trauma")
"""Latent states of the patient, each absent or present."""


class Odds(NamedTuple):
    """Log-odds of a disease: a base, and what age, sex, critical illness and the site add."""

    base: float
    by_age: tuple[float, float, float, float, float]
    male: float = 0.0
    critical: float = 0.0
    site: float = 0.0
    """In the confounded split site 1 adds, site 0 subtracts this much."""


ODDS: dict[str, Odds] = {
    "critical": Odds(-1.20, (-0.6, -0.3, 0.0, 0.2, 0.4), male=0.1, site=0.8),
    "heart_failure": Odds(-1.90, (-2.6, -1.3, 0.0, 1.1, 2.0), male=0.2, critical=0.7),
    "infection": Odds(-1.70, (-0.3, -0.4, -0.2, 0.3, 0.9), critical=1.0),
    "chronic_lung": Odds(-1.80, (-2.6, -1.4, 0.0, 1.0, 1.2), male=1.1),
    "trauma": Odds(-2.70, (1.4, 0.6, -0.5, -0.4, 0.5), male=1.0, critical=0.4),
}

AP_SHARE = ((0.20, 0.55), (0.80, 0.92))
"""P(AP | critical, trauma), by critical and then by trauma."""


class Chances(NamedTuple):
    """How a finding comes about, and how often the film shows it."""

    leak: float
    """P(finding | no disease)."""
    causes: tuple[float, float, float, float, float]
    """P(a disease alone brings it about), in the order of `DISEASES`; a noisy or."""
    occult: float
    """P(present but too slight to be drawn)."""
    mimic: float
    """P(drawn | absent): the look-alike that every reader knows."""


CHANCES: dict[str, Chances] = {
    "enlarged_cardiomediastinum": Chances(0.020, (0.04, 0.24, 0.00, 0.02, 0.20), 0.45, 0.050),
    "cardiomegaly": Chances(0.020, (0.02, 0.68, 0.00, 0.02, 0.00), 0.35, 0.060),
    "lung_opacity": Chances(0.010, (0.04, 0.00, 0.10, 0.05, 0.03), 0.40, 0.030),
    "lung_lesion": Chances(0.010, (0.00, 0.00, 0.00, 0.32, 0.00), 0.45, 0.050),
    "edema": Chances(0.002, (0.08, 0.52, 0.00, 0.00, 0.00), 0.40, 0.030),
    "consolidation": Chances(0.004, (0.06, 0.00, 0.36, 0.00, 0.04), 0.40, 0.025),
    "pneumonia": Chances(0.002, (0.00, 0.00, 0.52, 0.00, 0.00), 0.40, 0.030),
    "atelectasis": Chances(0.010, (0.36, 0.04, 0.02, 0.02, 0.10), 0.45, 0.040),
    "pneumothorax": Chances(0.004, (0.04, 0.00, 0.00, 0.06, 0.36), 0.37, 0.030),
    "pleural_effusion": Chances(0.006, (0.12, 0.42, 0.20, 0.00, 0.12), 0.40, 0.030),
    "pleural_other": Chances(0.006, (0.00, 0.00, 0.02, 0.28, 0.02), 0.45, 0.030),
    "fracture": Chances(0.004, (0.00, 0.00, 0.00, 0.00, 0.52), 0.45, 0.020),
    "support_devices": Chances(0.015, (0.74, 0.12, 0.00, 0.00, 0.12), 0.12, 0.010),
}
"""The thirteen things a film may show; "lung_opacity" is here the unspecific patch of its own."""

OPACITIES = (
    "lung_opacity", "lung_lesion", "edema", "consolidation", "pneumonia", "atelectasis",
)  # fmt: skip
"""What makes the label Lung Opacity true (CheXpert's hierarchy of observations)."""
HARMLESS = "support_devices"
"""What No Finding allows (CheXpert)."""

AGEING = (
    (0.75, 0.20, 0.05),
    (0.52, 0.36, 0.12),
    (0.30, 0.44, 0.26),
    (0.15, 0.42, 0.43),
    (0.07, 0.33, 0.60),
)
"""P(young, middle, old look | age): aortic knob, calcium in its wall, mineral of the ribs."""
BREASTS = (0.55, 0.05)
"""P(breast shadows show | sex)."""
SHALLOW = (0.15, 0.55)
"""P(shallow breath, scapulae over the lungs, magnified heart | PA, AP)."""
MARKED = (0.15, 0.35)
"""P(the marker names the projection | site)."""
