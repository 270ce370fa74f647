"""The forms of the real data sets: which columns are read, and which never are."""

from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Flag, Number, Option

SEX = Choice(
    name="sex",
    label="Sex",
    options=(Option("FEMALE", "female", ("F",)), Option("MALE", "male", ("M",))),
)
AGE = Number(name="age", label="Age", unit="years", low=0, high=120, centre=50, spread=15)

KNEE_FLAGS = {
    "smoker": "smoker",
    "diabetic": "diabetes",
    "hypothyroidism": "hypothyroidism",
    "seizure_disorder": "seizures",
    "estrogen_use": "oestrogen",
    "family_history_osteoporosis": "family_history",
}
"""Columns with yes or no, each at least five times, and their fields."""
KNEE_FORM = Schema(
    name="knee",
    fields=(
        AGE,
        SEX,
        Number(name="height", label="Height", unit="m", low=1.0, high=2.2, centre=1.6, spread=0.1),
        Number(name="weight", label="Weight", unit="kg", low=25, high=200, centre=68, spread=12),
        Number(
            name="walking", label="Longest walk", unit="km", low=0, high=50, centre=1.5, spread=1.5
        ),
        Flag(name="fracture", label="Any earlier fracture"),
        *(Flag(name=name, label=name.replace("_", " ")) for name in KNEE_FLAGS.values()),
    ),
    never=tuple(
        (column, "it is the label, or was made from it.")
        for column in ("t_score", "z_score", "diagnosis")
    ),
)
"""What is known of everybody. Columns that are constant, derived, or free text are left out."""

CESM_FORM = Schema(
    name="contrast breast",
    fields=(
        AGE,
        Choice(
            name="density",
            label="ACR density",
            options=tuple(Option(letter, letter) for letter in "ABCD"),
        ),
        Choice(name="view", label="View", options=(Option("CC", "CC"), Option("MLO", "MLO"))),
    ),
    never=tuple(
        (column, "a reader who judged the lesion wrote it.")
        for column in ("birads_raw", "birads_max", "findings", "tags", "pathology")
    ),
)
"""Density is that of the low-energy twin; unknown where there is none."""


def knee_entries(row: dict[str, str]) -> dict[str, object]:
    """The form of a row of `clinical.csv`; a described fracture is a fracture."""
    return {
        "age": row["age_years"],
        "sex": row["sex"],
        "height": row["height_m"],
        "weight": row["weight_kg"],
        "walking": row["max_walk_km"],
        "fracture": row["fracture_history"] != "no",
        **{name: row[column] for column, name in KNEE_FLAGS.items()},
    }


def cesm_entries(row: dict[str, str]) -> dict[str, object]:
    """The form of a row of `annotations.csv`."""
    return {"age": row["age_years"], "density": row["density_acr_from_dm"], "view": row["view"]}


def chest_entries(row: dict[str, str]) -> dict[str, object]:
    """The form of a row of `labels.csv`; all films are frontal."""
    return {
        "age": row["age_years"],
        "sex": row["sex"],
        "projection": row["view"],
        "view": "FRONTAL",
    }
