"""What is fitted after training on cases of its own: temperature, offset, the scale of Grad-CAM."""

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit

from xattn.explain.gradcam import class_activation
from xattn.models.checkpoint import Calibration
from xattn.models.network import Network
from xattn.systems import System
from xattn.training.cases import Cases, batches
from xattn.training.loop import predict_scores


def calibrate(
    model: Network, system: System, cases: Cases, means: tuple[float, ...]
) -> Calibration:
    """Calibration of a system's model on cases that training did not see.

    A probability gets one temperature over all scores. A number gets the least-squares line from
    what the model says to the labels through v(nothing) = `means`, the mean label in training: with
    nothing known the model says what is known then, and no more.
    """
    scores, labels = predict_scores(model, cases).numpy(), cases.labels.numpy()
    top = cam_scale(model, cases)
    if system.is_probability:
        known = ~np.isnan(labels)
        divisor = temperature(scores[known], labels[known])
        return Calibration(temperature=divisor, cam_scale=top / divisor)
    target = system.targets[0]
    nothing, mean = score_of_nothing(model, cases), means[0]
    rise, run = labels[:, 0] - mean, scores[:, 0] - nothing
    slope = float((rise * run).sum() / np.square(run).sum())
    divisor = target.scale / slope
    offset = mean - slope * nothing - target.offset
    return Calibration(temperature=divisor, offset=offset, cam_scale=top * target.scale / divisor)


def score_of_nothing(model: Network, cases: Cases) -> float:
    """The first raw score with every region filled and every field missing."""
    one = next(batches(cases, 1, device=next(model.parameters()).device))
    with torch.no_grad():
        images = torch.full_like(one.images, model.config.fill)
        output = model(images, one.values, torch.zeros_like(one.known))
    return float(output.scores[0, 0])


def temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """T that minimises the cross-entropy of sigmoid(score / T) (Guo et al. 2017, section 4.2)."""

    def cross_entropy(log_t: float) -> float:
        probabilities = np.clip(expit(scores / np.exp(log_t)), 1e-12, 1 - 1e-12)
        return float(
            -np.where(labels > 0.5, np.log(probabilities), np.log1p(-probabilities)).mean()
        )

    found = minimize_scalar(cross_entropy, bounds=(-3.0, 3.0), method="bounded")
    return float(np.exp(found.x))


def cam_scale(model: Network, cases: Cases, *, count: int = 256) -> float:
    """The 99th percentile of |Grad-CAM| of the raw score over the first `count` cases."""
    first = cases.take(torch.arange(min(count, len(cases))))
    cams = []
    for part in batches(first, 32, device=next(model.parameters()).device):
        tokens = model.encode_image(part.images.requires_grad_())
        score = model.fuse(tokens, part.values, part.known).scores[:, 0]
        cams.append(class_activation(tokens, score).flatten().cpu())
    return float(torch.cat(cams).abs().quantile(0.99))
