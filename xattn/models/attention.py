"""Attention between two sets of tokens, written once; weights are returned, never hooked.

Scaled dot-product attention (Vaswani et al. 2017, equation 1). Directions are named
`image_attends_clinical` (image tokens are queries) and `clinical_attends_image`.
"""

import torch
from einops import rearrange
from torch import Tensor, nn

Weights = dict[str, Tensor]
IMAGE_TO_CLINICAL = "image_attends_clinical"
CLINICAL_TO_IMAGE = "clinical_attends_image"


def _heads(tokens: Tensor, count: int) -> Tensor:
    return rearrange(tokens, "b n (h d) -> b h n d", h=count)


def _merge(tokens: Tensor) -> Tensor:
    return rearrange(tokens, "b h n d -> b n (h d)")


def _similarity(queries: Tensor, keys: Tensor) -> Tensor:
    return queries @ keys.transpose(-1, -2) * float(queries.shape[-1] ** -0.5)


class CrossAttention(nn.Module):
    """Queries read a context: arXiv 2508.16000, equations 10 to 15, over tokens.

    A batch of one on either side meets every row of the other, so one film's queries are projected
    once for any number of forms.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)
        self.out = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """What was read (B, Nq, d), and the weights (B, H, Nq, Nk)."""
        queries = _heads(self.query(tokens), self.heads)
        keys, values = (_heads(part(context), self.heads) for part in (self.key, self.value))
        batch = max(queries.shape[0], keys.shape[0])
        queries, keys, values = (part.expand(batch, -1, -1, -1) for part in (queries, keys, values))
        weights = _similarity(queries, keys).softmax(dim=-1)
        return self.out(_merge(weights @ values)), weights


class OneWay(nn.Module):
    """The image reads the form: the design of arXiv 2508.16000."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.image_reads = CrossAttention(dim, heads)

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The pooled pair [image; attended] (B, 2d) and the weights by direction."""
        attended, weights = self.image_reads(image, clinical)
        return _pooled_pair(image, attended), {IMAGE_TO_CLINICAL: weights}


class CoAttention(nn.Module):
    """Each side reads the other with its own projections; both results are pooled and joined.

    NOTE[DIFF] arXiv 2508.16000 names co-attention without its form; this is the parallel form.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.image_reads = CrossAttention(dim, heads)
        self.clinical_reads = CrossAttention(dim, heads)

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The pooled pair (B, 2d) and the weights of both directions."""
        from_clinical, to_clinical = self.image_reads(image, clinical)
        from_image, to_image = self.clinical_reads(clinical, image)
        pair = _pooled_pair(image + from_clinical, clinical + from_image)
        return pair, {IMAGE_TO_CLINICAL: to_clinical, CLINICAL_TO_IMAGE: to_image}


class SharedAttention(nn.Module):
    """Both directions from one similarity matrix: softmax over its rows, and over its columns."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.image_key = nn.Linear(dim, dim, bias=False)
        self.clinical_key = nn.Linear(dim, dim, bias=False)
        self.image_value = nn.Linear(dim, dim, bias=False)
        self.clinical_value = nn.Linear(dim, dim, bias=False)
        self.image_out = nn.Linear(dim, dim)
        self.clinical_out = nn.Linear(dim, dim)

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The pooled pair (B, 2d) and the weights of both directions."""
        batch = max(image.shape[0], clinical.shape[0])
        image, clinical = (part.expand(batch, -1, -1) for part in (image, clinical))
        similarity = _similarity(
            _heads(self.image_key(image), self.heads),
            _heads(self.clinical_key(clinical), self.heads),
        )
        to_clinical = similarity.softmax(dim=-1)
        to_image = similarity.transpose(-1, -2).softmax(dim=-1)
        image_read = to_clinical @ _heads(self.clinical_value(clinical), self.heads)
        clinical_read = to_image @ _heads(self.image_value(image), self.heads)
        pair = _pooled_pair(
            image + self.image_out(_merge(image_read)),
            clinical + self.clinical_out(_merge(clinical_read)),
        )
        return pair, {IMAGE_TO_CLINICAL: to_clinical, CLINICAL_TO_IMAGE: to_image}


class Concatenation(nn.Module):
    """No attention: the means of both sides, joined."""

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The pooled pair (B, 2d)."""
        return _pooled_pair(image, clinical), {}


class ImageOnly(nn.Module):
    """The form is not read; a product with 0 keeps it in the graph, with a gradient of 0."""

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The image's mean beside zeros (B, 2d)."""
        return _pooled_pair(image, 0 * clinical), {}


class FormOnly(nn.Module):
    """The film is not read; a product with 0 keeps it in the graph, with a gradient of 0."""

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """Zeros beside the form's mean (B, 2d)."""
        return _pooled_pair(0 * image, clinical), {}


class SingleToken(nn.Module):
    """The paper's equations taken literally: one pooled token attends to one pooled token.

    A softmax over one key is 1 whatever the case, so its weight carries no information.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.image_reads = CrossAttention(dim, heads=1)

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The pooled pair (B, 2d) and weights (B, 1, 1, 1), all equal to 1."""
        one = image.mean(dim=1, keepdim=True)
        attended, weights = self.image_reads(one, clinical.mean(dim=1, keepdim=True))
        return _pooled_pair(one, attended), {IMAGE_TO_CLINICAL: weights}


def _pooled_pair(left: Tensor, right: Tensor) -> Tensor:
    pooled = left.mean(dim=1), right.mean(dim=1)
    batch = max(part.shape[0] for part in pooled)
    return torch.cat([part.expand(batch, -1) for part in pooled], dim=-1)
