"""The card of a checkpoint, generated from its evaluation."""

from xattn.models.checkpoint import Description
from xattn.training.evaluate import Evaluation

TEMPLATE = """# {title}: {preset} {version}

**Research use, not for diagnosis.** {trained}

| | |
|---|---|
| intended use | research into explanations of models that read a radiograph and a form |
| not intended | any decision about a patient; screening; exclusion of disease |
| training data | {training_data} |
| prevalence in training | {prevalence:.3f} |
| parameters | {parameters:,} |
| configuration | `{config}` |

## Evaluation

On phantoms of seeds that training, stopping and calibration did not see; 95 % bootstrap intervals.

{evaluation}

## Known failures

- Real mammograms look different from phantoms: no figure on this card holds for them.
- Lesions hidden in dense tissue are missed on the film; the form alone then decides.
- Descriptors come from a reader who saw more than this film; they are partly a proxy of the label.
- Density 1 to 4 is DDSM's older scale.
"""


def card(title: str, description: Description, parameters: int, evaluation: Evaluation) -> str:
    """The card's Markdown."""
    trained = (
        "Trained on synthetic phantoms alone; no patient's film was seen."
        if description.is_phantom_trained
        else "Its training data are named below."
    )
    return TEMPLATE.format(
        title=title,
        preset=description.preset,
        version=description.version,
        trained=trained,
        training_data=description.training_data,
        prevalence=description.prevalence,
        parameters=parameters,
        config=description.config,
        evaluation=evaluation.text,
    )
