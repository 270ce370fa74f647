"""What is fitted after training on cases of its own: the temperature, and the scale of Grad-CAM."""

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit

from xattn.explain.gradcam import class_activation
from xattn.models.checkpoint import Calibration
from xattn.models.network import Network
from xattn.training.cases import Cases, batches
from xattn.training.loop import predict_scores


def calibrate(model: Network, cases: Cases) -> Calibration:
    """Temperature and Grad-CAM scale on calibration cases that training did not see."""
    scores = predict_scores(model, cases)
    fitted = temperature(scores[:, 0].numpy(), cases.labels.numpy())
    return Calibration(temperature=fitted, cam_scale=cam_scale(model, cases) / fitted)


def temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """T that minimises the cross-entropy of sigmoid(score / T) (Guo et al. 2017, section 4.2)."""

    def cross_entropy(log_t: float) -> float:
        probabilities = np.clip(expit(scores / np.exp(log_t)), 1e-12, 1 - 1e-12)
        return float(-np.where(labels, np.log(probabilities), np.log1p(-probabilities)).mean())

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
