"""What a worklist sorts a case by: from its prediction and the assessment beside it."""

from xattn.archive.store import Grades
from xattn.records import Prediction
from xattn.trust.assessment import Assessment


def grades(prediction: Prediction, assessment: Assessment) -> Grades:
    """The gate's level and three numbers that grow.

    Novelty is the larger percentile of film and form. Uncertainty of a probability is 1 − |2p − 1|
    (1 at even odds), of a number the width of its interval, if it has one. Disagreement is how far
    film alone and form alone lie apart, in the target's unit.
    """
    found, sureness = assessment.novelty, assessment.sureness
    uncertainty = None
    if prediction.probability is not None:
        uncertainty = 1 - abs(2 * prediction.probability - 1)
    elif sureness and sureness.interval:
        uncertainty = sureness.interval[1] - sureness.interval[0]
    return Grades(
        level=assessment.gate.level if assessment.gate else None,
        novelty=max(found.film, found.form) if found else None,
        uncertainty=uncertainty,
        disagreement=abs(prediction.image_only - prediction.form_only),
    )
