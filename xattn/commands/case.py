"""Commands about one case: predict, explain, report."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import xattn
from xattn.commands.parts import Commands, add_command, add_model, say, warn
from xattn.errors import ReportError, SchemaError

if TYPE_CHECKING:
    from xattn.data.clinical import Form, Schema
    from xattn.data.placement import Box
    from xattn.records import Case, Explanation, Target
    from xattn.runtime.engine import Engine
    from xattn.trust.belief import Belief

CASE_EXAMPLE = """A form is a JSON object, or a CSV whose first row is read; leave out the unknown:

  {"lesion_type": "mass", "density": 3, "mass_shape": "IRREGULAR", "mass_margins": "SPICULATED"}

Fields of hip: age_at_xray, age_at_scan, height, weight, bmi, alcohol, activity, diet, sex, smoking;
of breast: lesion_type, density, mass_shape, mass_margins, calc_type, calc_distribution;
of chest: age, sex, projection, view.
The box is what is read, a lesion or a hip, in file pixels; without one the whole film is read."""


def add_cases(commands: Commands) -> None:
    """Add predict, explain and report."""
    example = "--system breast --image film.dcm --form form.json --box 900,1200,400,380"
    for run, tail in ((predict, ""), (explain, " --out result"), (report, " --out case.pdf")):
        parser = add_command(commands, run, f"{run.__name__} {example}{tail}", CASE_EXAMPLE)
        add_model(parser)
        parser.add_argument("--image", required=True, help="radiograph: DICOM, PNG, JPEG or TIFF")
        parser.add_argument("--form", type=Path, help="form as JSON or CSV; without one, unknown")
        parser.add_argument(
            "--box", type=_box, help="the lesion as x,y,width,height in file pixels"
        )
        parser.add_argument(
            "--target",
            help="what is explained, such as a finding, or “edema - atelectasis”: what speaks for "
            "the one rather than the other; else the first",
        )
        if tail:
            parser.add_argument("--out", type=Path, required=True, help="where the result goes")
            parser.add_argument(
                "--teacher", help="a checkpoint folder: also what this model adds to its teacher's"
            )
        if run is explain:
            parser.add_argument(
                "--method",
                action="append",
                help="explainer, may be repeated; the default five if none",
            )
        if run is report:
            parser.add_argument("--archival", action="store_true", help="PDF/A-2a and PDF/UA-1")


def predict(options: argparse.Namespace) -> None:
    """Print the prediction of a case as JSON."""
    engine, case = _case(options)
    prediction = engine.predict(case, target=_target(options, engine))
    say(json.dumps(prediction.plain, indent=2, allow_nan=False))


def explain(options: argparse.Namespace) -> None:
    """Write explanation.json, the maps and the panels of a case to a folder."""
    from xattn.explain import DEFAULT_METHODS
    from xattn.reports.export import write_explanation

    engine, case = _case(options)
    target = _target(options, engine)
    explanation = engine.explain(case, options.method or DEFAULT_METHODS, target=target)
    explanation = _beside_teacher(options, explanation)
    write_explanation(explanation, options.out, _belief(engine, explanation))
    for path in sorted(options.out.iterdir()):
        say(path)


def report(options: argparse.Namespace) -> None:
    """Write the PDF of a case."""
    from xattn.reports.content import compose
    from xattn.reports.institution import institution
    from xattn.reports.pdf import render

    house = institution()
    if house.problem:
        warn(f"{house.problem}")
    engine, case = _case(options)
    explanation = engine.explain(case, target=_target(options, engine))
    explanation = _beside_teacher(options, explanation)
    content = compose(explanation, engine.model, belief=_belief(engine, explanation))
    pdf = render(content, archival=options.archival, institution=house)
    try:
        options.out.write_bytes(pdf)
    except OSError as error:
        raise ReportError("The report needs a folder that exists and can be written.") from error
    say(options.out)


def _case(options: argparse.Namespace) -> "tuple[Engine, Case]":
    """The engine and the case that the options name."""
    engine = xattn.load(options.checkpoint or options.system, device=options.device)
    form = _form(options.form, engine.schema) if options.form else None
    return engine, engine.read(options.image, form, box=options.box)


def _beside_teacher(options: argparse.Namespace, explanation: "Explanation") -> "Explanation":
    """The explanation with the differences to a teacher's, where one is named."""
    from xattn.runtime.teaching import against_teacher

    if not options.teacher:
        return explanation
    return against_teacher(explanation, xattn.load(options.teacher, device=options.device))


def _belief(engine: "Engine", explanation: "Explanation") -> "Belief":
    """How far to believe a case; what the checks of its input found is said aloud as well."""
    from xattn.reports.beliefs import noted

    belief = engine.believe(explanation)
    for finding in noted(belief):
        warn(f"{finding.level}: {finding.check}: {finding.reason}")
    return belief


def _target(options: argparse.Namespace, engine: "Engine") -> "Target":
    model = engine.model
    return model.find_target(options.target) if options.target else model.target


def _form(path: Path, schema: "Schema") -> "Form":
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError("The form must be a readable UTF-8 file, JSON or CSV.") from error
    return schema.read_csv(text)[0] if path.suffix.lower() == ".csv" else schema.read_json(text)


def _box(text: str) -> "Box":
    from xattn.data.placement import Box

    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().lstrip("-").isdigit() for part in parts):
        raise argparse.ArgumentTypeError("expected x,y,width,height in file pixels")
    return Box(*(int(part) for part in parts))
