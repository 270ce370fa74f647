"""The gate: every check of a case before its prediction; block, warn or pass, with the reason."""

from collections.abc import Collection

import numpy as np
import torch

from xattn.records import Case
from xattn.systems import LoadedModel
from xattn.trust import novelty as distances
from xattn.trust.checks_file import check_file
from xattn.trust.checks_pixels import check_pixels, check_text
from xattn.trust.content import Classifier, check_content, check_side
from xattn.trust.duplicates import check_duplicate
from xattn.trust.expectations import EXPECTATIONS
from xattn.trust.finding import Finding, Gate, unchecked
from xattn.trust.header import check_form
from xattn.trust.novelty import Embedded, Novelty, Reference
from xattn.trust.picture import shown

TEXT_SIDE = 512
"""Pixels at which burnt-in letters are still separate."""
CHUNK = 32
"""Films to an encoder pass."""


def check_case(
    case: Case,
    classifier: Classifier,
    *,
    found: Novelty | None = None,
    earlier: Collection[str] | None = None,
) -> Gate:
    """Every check of a case, from the whole film, whatever box was drawn on it.

    Args:
        case: Of any of the systems.
        classifier: `content.load(case.system)`.
        found: `case_novelty`, or None where the checkpoint holds no reference.
        earlier: `Radiograph.pixel_sha256` of the other films of the list, not of this one; None
            where there is no list.
    """
    radiograph, expectation = case.film.radiograph, EXPECTATIONS[case.system]
    film = shown(radiograph)
    side = radiograph.fact("laterality")
    return Gate(
        (
            *check_file(radiograph, expectation),
            *check_form(radiograph, case.form, expectation),
            *check_pixels(film, expectation),
            *check_content(classifier, film, case.system),
            check_side(classifier, film, case.system, side),
            check_text(shown(radiograph, TEXT_SIDE)),
            check_duplicate(radiograph.pixel_sha256, earlier),
            *(unchecked(name, reason) for name, reason in expectation.unchecked.items()),
            *_novelty_findings(found),
        )
    )


def case_novelty(model: LoadedModel, case: Case, reference: Reference) -> Novelty:
    """How novel a case is to its model: one pass of the image encoder.

    What the model reads counts: of a boxed film the surroundings of the box.
    """
    pixels = torch.from_numpy(case.film.pixels)[None, None].to(model.device)
    encoding = model.system.schema.encode(case.form)
    return distances.novelty(
        reference,
        pooled_tokens(model, pixels)[0],
        values=encoding.values,
        stated=distances.slots_stated(encoding.known, model.system.schema.sizes),
    )


def pooled_tokens(model: LoadedModel, images: torch.Tensor) -> np.ndarray:
    """The mean image token (B, d) float64 of films (B, 1, S, S) in 0 to 1."""
    with torch.no_grad():
        tokens = model.module.encode_image(images).tokens
    return np.asarray(tokens.mean(dim=1).double().cpu().numpy())


def embed(
    model: LoadedModel, images: torch.Tensor, *, values: np.ndarray, known: np.ndarray
) -> Embedded:
    """Cases as `fit_reference` takes them: films (N, 1, S, S) uint8, slots, and known fields."""
    parts = [
        pooled_tokens(model, part.float().div(255).to(model.device))
        for part in torch.split(images, CHUNK)
    ]
    stated = distances.slots_stated(known, model.system.schema.sizes)
    return Embedded(np.concatenate(parts), values, stated)


def _novelty_findings(found: Novelty | None) -> tuple[Finding, ...]:
    if found is None:
        return (unchecked("novelty", "this model came without a reference of its training data."),)
    return distances.check_novelty(found)
