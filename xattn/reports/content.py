"""What a report says, section by section, without any format: every output draws from this."""

from collections.abc import Iterable

from xattn.data.clinical import Schema
from xattn.errors import ReportError
from xattn.explain.grouping import IMAGE, grouped
from xattn.models.support import applicability
from xattn.records import Attribution, Case, Explanation, Provenance
from xattn.reports import sentences
from xattn.reports.beliefs import of_map, rows
from xattn.reports.figures import ShownMap, film_picture, read_part, shown_maps
from xattn.reports.reading import line, reading
from xattn.reports.sections import Decision, Figure, Report, Row, Sum, Term
from xattn.systems import LoadedModel
from xattn.trust import wording
from xattn.trust.belief import UNASKED, Belief

__all__ = ["Decision", "Report", "check_together", "compose", "title_of"]

SIDE = 640
"""Long side of a report's pictures in pixels: 200 to 400 per inch as printed."""
MOST_IDENTIFIER = 64
SHOWN_FACTS = ("modality", "laterality", "view position")
"""Facts of the film that a reader needs to see; none names anybody."""


def compose(
    explanation: Explanation,
    model: LoadedModel,
    *,
    belief: Belief = UNASKED,
    decision: Decision | None = None,
    typed_identifier: str = "",
) -> Report:
    """The report of an explanation by the model that gave it.

    Raises:
        ReportError: if case, model and attributions do not belong together, or the identifier is
            too long or not printable.
    """
    check_together(explanation, model.checkpoint.model_id)
    case, system = explanation.case, model.system
    description = model.checkpoint.description
    return Report(
        title=f"{system.title}: prediction and explanation",
        use=sentences.RESEARCH,
        is_demonstration=description.is_phantom_trained,
        identifier=_identifier(typed_identifier),
        decision=decision,
        header=_header(case, model),
        headline=_headline(explanation),
        condition=_condition(explanation),
        result=_result(explanation),
        cautions=_cautions(explanation, model),
        sum=_sum(explanation, system.schema),
        form=_form(case, system.schema),
        line=line(reading(explanation, belief, system.schema)),
        beliefs=rows(belief),
        reading=(
            sentences.what_was_read(case),
            sentences.box_range(explanation.prediction),
        ),
        figures=_figures(explanation, model, belief),
        limits=sentences.limits(has_range=bool(belief.assessment and belief.assessment.sureness)),
        methods=_methods(explanation, model),
        provenance=_provenance(explanation),
    )


def check_together(explanation: Explanation, model_id: str) -> None:
    """Refuse to put results of different cases or models on one page.

    Raises:
        ReportError: if a result carries another case's digest or another model's id.
    """
    digest = explanation.case.digest
    origins: list[Provenance] = [explanation.prediction.provenance]
    origins += [entry.provenance for _, entry in explanation.attributions]
    if any(origin.case_digest != digest for origin in origins):
        raise ReportError("All results must belong to one case, however: another's is among them.")
    if any(origin.model_id != model_id for origin in origins):
        raise ReportError("All results must come from one model, however: another's is among them.")


def _identifier(typed: str) -> str:
    text = typed.strip()
    if len(text) > MOST_IDENTIFIER or not text.isprintable():
        raise ReportError(
            f"The identifier must be at most {MOST_IDENTIFIER} printable characters, however: "
            f"{len(text)} characters."
        )
    return text


def _header(case: Case, model: LoadedModel) -> tuple[Row, ...]:
    description = model.checkpoint.description
    status = (Row("Status", sentences.DEMONSTRATION),) if description.is_phantom_trained else ()
    return (
        Row("Film", _film(case)),
        Row("Model", f"{model.system.name} · {description.preset} {description.version}"),
        Row("Trained on", description.training_data),
        *status,
    )


def _film(case: Case) -> str:
    radiograph = case.film.radiograph
    facts = [radiograph.fact(name) for name in SHOWN_FACTS]
    spacing = radiograph.spacing_mm
    facts.append("pixel spacing unknown" if spacing is None else f"{spacing[0]:.3g} mm per pixel")
    return " · ".join(fact for fact in facts if fact)


def _headline(explanation: Explanation) -> Row:
    prediction = explanation.prediction
    if prediction.probability is None:
        unit = prediction.target.unit
        return Row(prediction.target.name, f"{prediction.value:.3f} {unit}")
    name = prediction.target.name
    return Row(f"Probability: {name}", wording.probability(prediction.probability))


def _condition(explanation: Explanation) -> str:
    prevalence = explanation.prediction.prevalence
    return "" if prevalence is None else f"at the prevalence of {prevalence:.2f} it assumes"


def _result(explanation: Explanation) -> tuple[Row, ...]:
    prediction = explanation.prediction
    unit = prediction.target.unit
    parts = (
        ("Score", prediction.value),
        ("Film alone", prediction.image_only),
        ("Form alone", prediction.form_only),
        ("Nothing known", prediction.reference),
        ("Interaction", prediction.interaction),
    )
    return tuple(Row(label, f"{sentences.amount(value, unit)} {unit}") for label, value in parts)


def _cautions(explanation: Explanation, model: LoadedModel) -> tuple[str, ...]:
    system = model.system
    is_low = system.is_probability and explanation.prediction.value <= 0
    is_low = is_low and explanation.prediction.target.minus is None
    cautions = [f"This result {system.negative_reads}."] if is_low else []
    form = explanation.case.form
    cautions += [
        *system.remarks(form, explanation.prediction.value),
        *applicability(model.checkpoint.description, system.schema, form),
    ]
    if system.name in sentences.CONVENTIONS:
        cautions.append(sentences.CONVENTIONS[system.name])
    return tuple(cautions)


def _sum(explanation: Explanation, schema: Schema) -> Sum | None:
    attribution = _shapley(explanation)
    if attribution is None or attribution.reference is None or attribution.value is None:
        return None
    form = explanation.case.form
    has_image = IMAGE in dict(attribution.players)
    start = ("Reference", "nothing known") if has_image else ("Film alone", "form unknown")
    terms = [Term(*start, attribution.reference, "reference")]
    for share in grouped(attribution.players, schema):
        detail = sentences.details_of(share, schema, form, attribution.unit)
        terms.append(Term(share.label, detail, share.value, "part"))
    terms.append(Term("Prediction", "", attribution.value, "prediction"))
    return Sum(tuple(terms), attribution.unit, _note(attribution))


def _note(attribution: Attribution) -> str:
    gap = abs(attribution.gap or 0.0)
    closing = "to within 0.001" if gap < 1e-3 else f"up to a gap of {gap:.2g}"
    return f"{attribution.method}: adds up {closing} {attribution.unit}; figures are rounded."


def _form(case: Case, schema: Schema) -> tuple[Row, ...]:
    rows = [Row(entry.label, schema.describe(case.form, entry.name)) for entry in schema]
    if schema.variant is None:
        return tuple(rows)
    variant = case.form.variant
    text = "unknown" if variant is None else schema.variant.describe((variant,))
    return (Row(schema.variant.label, text), *rows)


def _figures(explanation: Explanation, model: LoadedModel, belief: Belief) -> tuple[Figure, ...]:
    film, schema = explanation.case.film, model.system.schema
    hatched = "Hatched: not read. Frame: the box as drawn." if film.box else "No box was drawn."
    height, width = film.radiograph.shape
    figures = [
        Figure(
            "Film",
            film_picture(film, SIDE),
            (hatched,),
            f"The film, {width} × {height} pixels. {hatched}",
        )
    ]
    canvas = read_part(film, SIDE)
    for shown in _chosen(explanation):
        title = title_of(shown, schema)
        lines = (*sentences.what_it_shows(shown, model.system), *of_map(belief, shown.method))
        text = sentences.alternative(shown, title)
        method = shown.attribution.method
        figures.append(Figure(method, canvas.draw(shown), lines, text, shown.scale))
    return tuple(figures)


def title_of(shown: ShownMap, schema: Schema) -> str:
    """The name of a map: its method, and the field that attention goes to."""
    method = shown.attribution.method
    return f"{method}: {schema[shown.field].label.lower()}" if shown.field else method


def _chosen(explanation: Explanation) -> Iterable[ShownMap]:
    """Every map, of attention only the field that contributes most."""
    shown = shown_maps(explanation)
    attribution = _shapley(explanation)
    shares = {name: abs(value) for name, value in attribution.players} if attribution else {}
    fields = [entry.field for entry in shown if entry.field]
    most = max(fields, key=lambda name: shares.get(name, 0.0), default="")
    return (entry for entry in shown if entry.field in ("", most))


def _shapley(explanation: Explanation) -> Attribution | None:
    return next((entry for _, entry in explanation.attributions if entry.players), None)


def _methods(explanation: Explanation, model: LoadedModel) -> tuple[Row, ...]:
    calibration = model.checkpoint.calibration
    rows = [Row("Calibration", f"temperature {calibration.temperature:.3g}")]
    for _, entry in explanation.attributions:
        settings = [
            f"{name.replace('_', ' ')} {value}" for name, value in entry.provenance.settings
        ]
        passes = f"{entry.passes} passes" if entry.passes != 1 else "1 pass"
        rows.append(Row(entry.method, "; ".join([*settings, passes])))
    return tuple(rows)


def _provenance(explanation: Explanation) -> tuple[Row, ...]:
    record = explanation.prediction.provenance
    versions = ", ".join(f"{name} {version}" for name, version in record.versions)
    return (
        Row("Case (SHA-256 of pixels, box, form)", record.case_digest),
        Row("File (SHA-256)", record.file_sha256 or "generated, no file"),
        Row("Pixels (SHA-256)", explanation.case.film.radiograph.pixel_sha256),
        Row("Model (SHA-256 of weights and description)", record.model_id),
        Row("Software", versions),
        Row(
            "Computed on", f"{record.device}, {record.threads} thread{'s' * (record.threads != 1)}"
        ),
    )
