"""The card of a checkpoint, generated from its evaluation."""

from xattn.systems import LoadedModel
from xattn.training.evaluate import Evaluation
from xattn.training.recipes import COMMON_FAILURES

TEMPLATE = """# {title}: {preset} {version}

**Research use, not for diagnosis.** {trained}

| | |
|---|---|
| intended use | research into explanations of models that read a radiograph and a form |
| not intended | any decision about a patient; screening; exclusion of disease |
| training data | {training_data} |
| mean label in training | {means} |
| parameters | {parameters:,} |
| configuration | `{config}` |

## Evaluation

On phantoms of seeds that training, stopping and calibration did not see; 95 % bootstrap intervals.

{evaluation}

## Known failures

{failures}
"""


def card(model: LoadedModel, evaluation: Evaluation, failures: tuple[str, ...]) -> str:
    """The card's Markdown."""
    description = model.checkpoint.description
    names = [target.name for target in model.targets]
    means = zip(names, description.label_means, strict=True)
    trained = (
        "Trained on synthetic phantoms alone; no patient's film was seen."
        if description.is_phantom_trained
        else "Its training data are named below."
    )
    return TEMPLATE.format(
        title=model.system.title,
        preset=description.preset,
        version=description.version,
        trained=trained,
        training_data=description.training_data,
        means=", ".join(f"{name} {mean:.3f}" for name, mean in means),
        parameters=sum(part.numel() for part in model.module.parameters()),
        config=description.config,
        evaluation=evaluation.text,
        failures="\n".join(f"- {line}" for line in (*COMMON_FAILURES, *failures)),
    )
