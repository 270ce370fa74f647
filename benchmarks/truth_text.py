"""The words around the tables of docs/results_truth.md; the run fills in its own figures."""

MAKING = "`{command}`, {device}, torch {torch}, {minutes} minutes.\n{amounts}."

DOCUMENT = """# Are the explanations right, where the answer is known?

{making}

A rival stands here as its manual shows it ("library, default"), and where its method can take them
also with the same regions, fill, target and number of encoded films as ours ("library, fair"). "·":
the method gives no such number. The sentence below each table is written by the run: paired
differences over cases, 95 % intervals; "not told apart" is no tie. Few cases: read the intervals'
verdicts, not the second digit. The costliest defaults have fewer cases than the rest (column n);
below six cases nothing is said of a rival.

## Explainer truth: white boxes

A white box is a sum of products over the regions of a phantom film and the known fields of its
form. A region holds how much darker it is than the fill, a known field holds 1, and both hold 0
where they are absent; so each product is the dividend of its players and every Shapley value is
exact (`benchmarks/truth_whitebox.py`). "Error" is the root mean square error over regions, over the
root mean square of their exact values in the joint game of regions and fields: 1 is what "all zero"
gets. Gradients, LIME and occlusion answer another game, in which the form is given; "error in its
own game" is fair to them. "Sign right" counts players of a tenth of the largest or more. The
feature map of a white box holds the regions themselves, which is the best case for the CAM family.
± is the standard deviation between batches of seeds; coefficients, films and forms are drawn anew.
{explainers}

## World truth: shipped models against their phantoms' causes

Scored only where a cause shows on the film and flipping it moves the Bayes value, given film and
form, by 1 in log-odds or 0.05 g/cm²; `benchmarks/truth_cases.py` says what flipping means. Of a
signed map the part with the sign of that move is scored. A gap here is the model's and the
explainer's together. One model is shipped for each system, so ± is over three batches of phantom
seeds in place of three model seeds: it says nothing of how another training would come out. All
phantoms were unseen in training; those of shifted physics come from a generator that training never
used. A hip's neck is no secret place: femur and pelvis carry the same mineral, so that a map may be
right and miss it. In a box the lesion is near the middle, which a centre Gaussian knows.
{world}

## Real masks: what readers marked

Whole films, target "malignant" for the breast and the boxed finding for the chest; models were
trained on phantoms alone, so these tables measure the step to real films more than the explainers.
{real}
"""
