"""The four fields of the chest form: data only. The paper's own model reads the film alone.

The spellings are those of CheXpert's and NIH ChestX-ray14's tables.
"""

from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Number, Option
from xattn.data.findings import FINDINGS

_FINDING = "a finding is what the model estimates."
_REPORT = "the labels were read from the report."

CHEST = Schema(
    name="chest",
    fields=(
        Number(
            name="age",
            label="Age",
            aliases=("patient age",),
            help="Age on the day of the film. Findings are commoner with age: it is a prior.",
            unit="years",
            low=0,
            high=120,
            supported=(18, 95),
            centre=60,
            spread=18,
        ),
        Choice(
            name="sex",
            label="Sex",
            aliases=("patient sex", "patient gender", "gender"),
            help="As recorded with the film.",
            options=(Option("FEMALE", "female", ("F",)), Option("MALE", "male", ("M",))),
        ),
        Choice(
            name="projection",
            label="Projection",
            aliases=("AP/PA", "view position"),
            help="AP films are taken of sicker patients and enlarge the heart: a shortcut.",
            options=(
                Option("AP", "AP", ("anteroposterior", "antero-posterior")),
                Option("PA", "PA", ("posteroanterior", "postero-anterior")),
            ),
        ),
        Choice(
            name="view",
            label="View",
            aliases=("frontal/lateral",),
            help="Laterals have no projection AP or PA.",
            options=(Option("FRONTAL", "frontal"), Option("LATERAL", "lateral")),
        ),
    ),
    decided_by="view",
    applies=(("LATERAL", ("age", "sex", "view")),),
    never=(
        *((code, _FINDING) for code in FINDINGS),
        *((name, _FINDING) for name in ("effusion", "finding labels", "findings", "labels")),
        *((name, _REPORT) for name in ("report", "report text", "impression", "indication")),
    ),
)
