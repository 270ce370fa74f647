"""The command line: `python -m xattn COMMAND --help` teaches each command by example."""

import argparse
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import xattn
from xattn.errors import ArchiveError, ReportError, SchemaError, XattnError
from xattn.training.options import DATA_EXAMPLE, add_cache, add_cohort, add_plan, cohort_of, plan_of

if TYPE_CHECKING:
    from xattn.data.clinical import Form, Schema
    from xattn.data.placement import Box
    from xattn.records import Case, Explanation, Target
    from xattn.runtime.engine import Engine
    from xattn.trust.belief import Belief

SYSTEMS = ("hip", "breast", "chest")
DESCRIPTION = """Explain what a cross-attention model reads in a radiograph and a clinical form.
Research use, not for diagnosis."""
CASE_EXAMPLE = """A form is a JSON object, or a CSV whose first row is read; leave out the unknown:

  {"lesion_type": "mass", "density": 3, "mass_shape": "IRREGULAR", "mass_margins": "SPICULATED"}

Fields of hip: age_at_xray, age_at_scan, height, weight, bmi, alcohol, activity, diet, sex, smoking;
of breast: lesion_type, density, mass_shape, mass_margins, calc_type, calc_distribution;
of chest: age, sex, projection, view.
The box is what is read, a lesion or a hip, in file pixels; without one the whole film is read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give back its exit code; a refusal is one sentence and exit code 2."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except XattnError as refusal:
        print(f"xattn: {refusal}", file=sys.stderr)
        return 2
    return 0


def app(options: argparse.Namespace) -> None:
    """Open the app, as `streamlit run app.py` does."""
    script = Path(xattn.__file__).resolve().parent.parent / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    subprocess.run([*command, *options.streamlit], check=False)  # noqa: S603  # our own script


def predict(options: argparse.Namespace) -> None:
    """Print the prediction of a case as JSON."""
    engine, case = _case(options)
    prediction = engine.predict(case, target=_target(options, engine))
    print(json.dumps(prediction.plain, indent=2, allow_nan=False))


def explain(options: argparse.Namespace) -> None:
    """Write explanation.json, the maps and the panels of a case to a folder."""
    from xattn.explain import DEFAULT_METHODS
    from xattn.reports.export import write_explanation

    engine, case = _case(options)
    target = _target(options, engine)
    explanation = engine.explain(case, options.method or DEFAULT_METHODS, target=target)
    write_explanation(explanation, options.out, _belief(engine, explanation))
    for path in sorted(options.out.iterdir()):
        print(path)


def report(options: argparse.Namespace) -> None:
    """Write the PDF of a case."""
    from xattn.reports.content import compose
    from xattn.reports.pdf import render

    engine, case = _case(options)
    explanation = engine.explain(case, target=_target(options, engine))
    content = compose(explanation, engine.model, belief=_belief(engine, explanation))
    pdf = render(content, archival=options.archival)
    try:
        options.out.write_bytes(pdf)
    except OSError as error:
        raise ReportError("The report needs a folder that exists and can be written.") from error
    print(options.out)


def train(options: argparse.Namespace) -> None:
    """Train a model on phantoms, or on a cohort's patients, and write its checkpoint."""
    from xattn.training.cohort import train_on
    from xattn.training.distill import DistillationLoss
    from xattn.training.recipes import World
    from xattn.training.run import Amounts, Run, run

    plan = plan_of(options)
    if options.data:
        dataset = cohort_of(options, plan.system.schema)
        evaluation = train_on(plan, dataset, options.out, workers=options.workers)
    else:
        experiment = Run(
            system=plan.system,
            preset=plan.preset,
            changes=plan.changes,
            amounts=Amounts(training=options.phantoms),
            world=World(size=plan.size),
            training=plan.training,
            pretraining=plan.pretraining,
            teacher=options.teacher,
            encoder=options.encoder,
            distillation=DistillationLoss(
                alpha=options.teacher_share,
                temperature=options.temperature,
                has_label_weights=options.label_weights,
            ),
        )
        evaluation = run(experiment, options.cache, options.out)
    if evaluation:  # None in all processes but the first
        print(evaluation.text)


def evaluate(options: argparse.Namespace) -> None:
    """Print what a checkpoint is worth on phantoms, or on a cohort's patients, it has not seen."""
    from xattn.data.datasets import parts_of
    from xattn.systems import load
    from xattn.training.cohort import evaluate_on
    from xattn.training.evaluate import evaluate as figures
    from xattn.training.recipes import RECIPES, World
    from xattn.training.run import part_cases, seeds_of

    model = load(options.checkpoint or options.system, device=options.device)
    system = model.system.schema.name
    if options.data:
        dataset = cohort_of(options, model.system.schema)
        is_whole = options.everybody
        entries = dataset.entries if is_whole else parts_of(dataset, seed=options.seed)["test"]
        print(evaluate_on(model, dataset, entries, workers=options.workers).text)
        return
    size = model.module.config.size
    world = World(confounded=not options.deconfounded, shifted=options.shifted, size=size)
    cases = part_cases(system, world, seeds_of("test", options.phantoms), options.cache)
    print(figures(model, cases, RECIPES[system].judge).text)


def crossvalidate(options: argparse.Namespace) -> None:
    """Print mean ± SD over folds; each case is scored by a model that never saw its patient."""
    import numpy as np

    from xattn.training.crossvalidate import cross_validate
    from xattn.training.recipes import World
    from xattn.training.run import part_cases, seeds_of
    from xattn.training.table_cases import table_cases

    plan = plan_of(options)
    if options.data:
        dataset = cohort_of(options, plan.system.schema)
        table = table_cases(dataset.entries, plan.system, plan.size, workers=options.workers)
        cases, patients = table.cases, table.patients
    else:
        world, seeds = World(size=plan.size), seeds_of("training", options.phantoms)
        cases = part_cases(options.system, world, seeds, options.cache)
        patients = np.arange(len(cases))
    found = cross_validate(plan, cases, patients, count=options.folds, folder=options.out)
    print(found.text)


def card(options: argparse.Namespace) -> None:
    """Write a checkpoint's card anew from an evaluation on phantoms; its weights stay."""
    from xattn.systems import MODELS, load
    from xattn.training.card import renew, training_file
    from xattn.training.recipes import World
    from xattn.training.run import part_cases, seeds_of

    folder = Path(options.checkpoint or MODELS / options.system / "compact")
    model = load(folder, device=options.device)
    system = model.system.schema.name
    world = World(size=model.module.config.size)
    cases = part_cases(system, world, seeds_of("test", options.phantoms), options.cache)
    print(renew(model, folder, cases, training_file(folder, system, options.cache)))


def phantoms(options: argparse.Namespace) -> None:
    """Print how well each modality can be read at best, and draw a sheet of phantoms."""
    from PIL import Image

    from xattn.phantoms.registry import PHANTOMS

    source = PHANTOMS[options.system]
    for row in source.table(options.count, options.seed):
        print(row)
    if options.cases:
        source.write_samples(options.cases)
        print(options.cases)
    if options.sheet:
        Image.fromarray(source.sheet(options.seed)).save(options.sheet, optimize=True)
        print(options.sheet)


def audit(options: argparse.Namespace) -> None:
    """Verify that no row of the archive's audit was changed, removed or reordered."""
    from xattn.archive.store import open_archive

    with open_archive() as archive:
        check = archive.verify(options.head)
    print(*check.faults, f"{check.length} rows; head {check.head}", sep="\n")
    if check.faults:
        raise ArchiveError(f"The audit is not whole; faults: {len(check.faults)}.")


def replay(options: argparse.Namespace) -> None:
    """Compute the kept results of a case of the archive again, and compare every number."""
    from xattn.archive.store import open_archive
    from xattn.archive.worklist import find
    from xattn.runtime.replaying import replay as again

    with open_archive() as archive:
        system = find(archive, archive.case(options.case).worklist).system
        engine = xattn.load(options.checkpoint or system, device=options.device)
        outcomes = list(again(engine, archive, options.case))
    print(*(outcome.sentence for outcome in outcomes), sep="\n")
    if missed := sum(not outcome.is_same for outcome in outcomes):
        raise ArchiveError(f"Of {len(outcomes)} results, {missed} did not come again.")


def _case(options: argparse.Namespace) -> "tuple[Engine, Case]":
    """The engine and the case that the options name."""
    engine = xattn.load(options.checkpoint or options.system, device=options.device)
    form = _form(options.form, engine.schema) if options.form else None
    return engine, engine.read(options.image, form, box=options.box)


def _belief(engine: "Engine", explanation: "Explanation") -> "Belief":
    """How far to believe a case; what the checks of its input found is said aloud as well."""
    from xattn.reports.beliefs import noted

    belief = engine.believe(explanation)
    for finding in noted(belief):
        print(f"xattn: {finding.level}: {finding.check}: {finding.reason}", file=sys.stderr)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m xattn", description=DESCRIPTION, formatter_class=_Formatter
    )
    parser.add_argument("--version", action="version", version=xattn.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_app, _add_cases, _add_training, _add_phantoms, _add_archive):
        add(commands)
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    pass


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[argparse.Namespace], None],
    *examples: str,
) -> argparse.ArgumentParser:
    summary = (run.__doc__ or "").strip()
    shown = "\n\n".join(f"example:\n  python -m xattn {line}" for line in examples[:1])
    parser = commands.add_parser(
        run.__name__,
        help=summary,
        description=summary,
        epilog="\n\n".join([shown, *examples[1:]]),
        formatter_class=_Formatter,
    )
    parser.set_defaults(run=run)
    return parser


def _add_app(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _command(commands, app, "app")
    parser.add_argument("streamlit", nargs="*", help="further options of streamlit, after --")


def _add_cases(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    example = "--system breast --image film.dcm --form form.json --box 900,1200,400,380"
    for run, tail in ((predict, ""), (explain, " --out result"), (report, " --out case.pdf")):
        parser = _command(commands, run, f"{run.__name__} {example}{tail}", CASE_EXAMPLE)
        _add_model(parser)
        parser.add_argument("--image", required=True, help="radiograph: DICOM, PNG, JPEG or TIFF")
        parser.add_argument("--form", type=Path, help="form as JSON or CSV; without one, unknown")
        parser.add_argument(
            "--box", type=_box, help="the lesion as x,y,width,height in file pixels"
        )
        parser.add_argument("--target", help="what is explained, such as a finding; else the first")
        if tail:
            parser.add_argument("--out", type=Path, required=True, help="where the result goes")
        if run is explain:
            parser.add_argument(
                "--method",
                action="append",
                help="explainer, may be repeated; the default five if none",
            )
        if run is report:
            parser.add_argument("--archival", action="store_true", help="PDF/A-2a and PDF/UA-1")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--system", choices=SYSTEMS, default="breast", help="which system reads")
    parser.add_argument("--checkpoint", help="a checkpoint folder instead of the shipped model")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where")


def _add_training(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _command(
        commands, train, "train --system breast --preset compact --out runs/breast", DATA_EXAMPLE
    )
    add_plan(parser, (*SYSTEMS, "chest-teacher"))
    parser.add_argument("--phantoms", type=int, default=12_000, help="phantoms to train on")
    _add_teacher(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    add_cohort(parser)
    parser = _command(commands, evaluate, "evaluate --system breast", DATA_EXAMPLE)
    _add_model(parser)
    parser.add_argument("--phantoms", type=int, default=3_000, help="held-out phantoms")
    parser.add_argument("--deconfounded", action="store_true", help="without the sites' shortcut")
    parser.add_argument("--shifted", action="store_true", help="physics unseen in training")
    add_cohort(parser)
    parser.add_argument("--seed", type=int, default=0, help="seed that parted the patients")
    parser.add_argument(
        "--everybody", action="store_true", help="of a cohort, all: for models that saw none of it"
    )
    example = "crossvalidate --system hip --folds 10 --phantoms 600 --size 96 --out runs/hip-folds"
    parser = _command(commands, crossvalidate, example, DATA_EXAMPLE)
    add_plan(parser, SYSTEMS)
    parser.add_argument("--folds", type=int, default=10, help="rounds; three or more")
    parser.add_argument("--phantoms", type=int, default=2_000, help="phantoms to share out")
    parser.add_argument("--out", type=Path, required=True, help="keeps finished folds")
    add_cohort(parser)
    parser = _command(commands, card, "card --system hip")
    _add_model(parser)
    parser.add_argument("--phantoms", type=int, default=3_000, help="held-out phantoms")
    add_cache(parser)


def _add_teacher(parser: argparse.ArgumentParser) -> None:
    what = "of chest: a checkpoint folder, or a file of published DenseNet-121 chest weights"
    parser.add_argument("--teacher", type=Path, help=what)
    parser.add_argument("--teacher-share", type=float, default=0.5, help="its share of the loss")
    parser.add_argument("--temperature", type=float, default=1.0, help="softens both sides")
    parser.add_argument(
        "--label-weights", action="store_true", help="labels it often sees weigh less"
    )


def _add_phantoms(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _command(commands, phantoms, "phantoms --system hip --sheet sheet.png")
    parser.add_argument("--system", choices=SYSTEMS, default="breast", help="which system")
    parser.add_argument("--count", type=int, default=20_000, help="worlds that the table rests on")
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--sheet", type=Path, help="also draw a sheet of phantoms to this PNG")
    parser.add_argument("--cases", type=Path, help="also write the app's sample cases here")


def _add_archive(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    where = (
        "The archive is the one that XATTN_DATABASE (a URL) and XATTN_FILES (a folder or URL) "
        "name, else that in the user's data folder."
    )
    parser = _command(commands, audit, "audit verify", where)
    parser.add_argument("act", choices=("verify",), help="what to do")
    parser.add_argument("--head", default="", help="a head printed earlier and kept elsewhere")
    parser = _command(commands, replay, "replay 12", where)
    parser.add_argument("case", type=int, help="the case's number in the archive")
    parser.add_argument("--checkpoint", help="a checkpoint folder instead of the shipped model")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where")


if __name__ == "__main__":
    sys.exit(main())
