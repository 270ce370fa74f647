"""The words around the tables of docs/results_real.md; the run fills in its own figures."""

DOCUMENT = """# Results on real films

`make real-eval`, {device}, torch {torch}, {minutes} minutes. Research data, small samples, nobody's
patients of today: what a phantom-trained encoder is worth outside its phantoms.

- **Folds.** Five, stratified; who must stay together is in one fold: near-duplicate films of the
  knee, patients of the others. All scores are out of fold. Figures are pooled over folds with 95 %
  intervals over resampled groups (not films), then mean ± SD over the five folds. The last column
  is a paired difference on the same draws, above 0 where cross-attention is better.
- **Encoder.** Trained on phantoms alone and frozen, but for "all weights": 49 tokens of each film,
  reduced to 16 principal components by training rows alone. The shipped encoder of the system; the
  breast's where none is.
- **Heads.** "tokens": one head for four fusions, the mean of three members that stop on three other
  folds, trained on three shifts of each film. "ridge": principal components of the tokens' means
  and maxima, the form's slots, or both; penalty and film's weight chosen within the training rows.
- **All weights.** The whole network trained on by the loop of training: 12 epochs at most, the
  first two with a frozen encoder, rate 3e-4, films moved, scaled and varied in contrast, parts of
  film and form taken away; one network a fold, stopped on the next fold. Once from the shipped
  encoder and once from fresh weights: what phantoms are worth where the encoder may learn.
- **Baselines that look for causes.** The same architecture with untrained weights, and the film at
  48 px: an encoder that beats neither learnt nothing on phantoms that these films need.
- Not tried: self-supervised training on real films, published ImageNet or chest weights (none are
  shipped or fetched). No hyperparameter was tuned on these films but those
  chosen within training rows.

## Knee: ultrasound score, a stand-in for hip

{knee}

The score is by ultrasound, in its own units: it passes through no code for bone density and is no
T-score of a femoral neck. In the whole set eight pairs of identical films bear different diagnoses,
so the film cannot tell all; layouts (one knee, both, whole legs) differ too. Published floors, on
the whole set of 239 films: age alone R² 0.53, MAE 0.34 to 0.37; features of 48 px R² 0.00.

## Breast: benign or malignant on subtracted contrast images

{contrast}

Images are stretched to a square and are no mammograms: the breast encoder never saw the like, nor a
whole breast, since it was trained on boxes about a lesion. BI-RADS, findings and tags are no input
(BI-RADS alone: AUC 0.92, written by who knew). Normal images are left out. Floor on the whole set
from age, density and view: AUC 0.59.

## Chest: NIH's text-mined labels

{chest}

Labels with ten positives or more; within AP and PA those with five there. Floor on the whole set of
645 films from view, age and sex: Edema 0.70. What the film adds beyond the form shows within AP and
within PA, where the projection is no shortcut.

## Where the breast model looks: lesions of CDD-CESM

Grad-CAM for "malignant" of the shipped breast model, whole films, the form unknown, positive part.
All of these films are malignant and letter-boxed: never pooled with the images above. A map has to
beat the maps below it, which know no model; "share / area" is 1 for an even map.
{lesions}

In use the model reads a box about a lesion; a whole film shrunk to 224 px is not what it was
trained on, and no figure here says how it does with a box.
"""


def verdict(name: str, low: float, high: float) -> str:
    """What an interval of the gain over a rival lets one say."""
    if low > 0:
        return f"better than {name}"
    return f"worse than {name}" if high < 0 else f"not told apart from {name}"
