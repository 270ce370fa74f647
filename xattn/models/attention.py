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
        return pooled_pair(image, attended), {IMAGE_TO_CLINICAL: weights}


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
        pair = pooled_pair(image + from_clinical, clinical + from_image)
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
        pair = pooled_pair(
            image + self.image_out(_merge(image_read)),
            clinical + self.clinical_out(_merge(clinical_read)),
        )
        return pair, {IMAGE_TO_CLINICAL: to_clinical, CLINICAL_TO_IMAGE: to_image}


class Concatenation(nn.Module):
    """No attention: the means of both sides, joined."""

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The pooled pair (B, 2d)."""
        return pooled_pair(image, clinical), {}


class ImageOnly(nn.Module):
    """The form is not read; a product with 0 keeps it in the graph, with a gradient of 0."""

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The image's mean beside zeros (B, 2d)."""
        return pooled_pair(image, 0 * clinical), {}


class FormOnly(nn.Module):
    """The film is not read; a product with 0 keeps it in the graph, with a gradient of 0."""

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """Zeros beside the form's mean (B, 2d)."""
        return pooled_pair(0 * image, clinical), {}


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
        return pooled_pair(one, attended), {IMAGE_TO_CLINICAL: weights}


class MutualAttention(nn.Module):
    """Each side reads the other by a `CrossAttention` of its own, for a context of few tokens.

    Q Kᵀ = X (W_Qᵀ K)ᵀ and A V W_O = A (V W_O): what would project the many image tokens X is moved
    to the few clinical ones, head by head. The same numbers in about half the time.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.image_reads = CrossAttention(dim, heads)
        self.clinical_reads = CrossAttention(dim, heads)

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Tensor, Weights]:
        """What the image read (B, Ni, d), what the form read (B, Nc, d), and both weights."""
        film, form = self.image_reads, self.clinical_reads
        image = image.squeeze(0)  # a batch of one as a plain matrix meets every form in one product
        keys = _through(film.key(clinical), film.query.weight, heads=film.heads)
        queries = _through(form.query(clinical), form.key.weight, heads=form.heads)
        values = _through(film.value(clinical), film.out.weight.T, heads=film.heads)
        to_clinical = _scores(keys, image, heads=film.heads).softmax(dim=2)
        to_image = _scores(queries, image, heads=form.heads).softmax(dim=3)
        from_clinical = to_clinical.flatten(1, 2).transpose(1, 2) @ values.flatten(1, 2)
        seen = rearrange(to_image.flatten(1, 2) @ image, "b (h n) d -> b h n d", h=form.heads)
        per_head = rearrange(form.value.weight, "(h e) d -> h e d", h=form.heads)
        from_image = torch.einsum("bhnd,hed->bnhe", seen, per_head).flatten(2)
        return (
            from_clinical + film.out.bias,
            form.out(from_image),
            {IMAGE_TO_CLINICAL: to_clinical.transpose(2, 3), CLINICAL_TO_IMAGE: to_image},
        )


class CrossLayer(nn.Module):
    """One layer of `StackedAttention`: each side reads the other, then both are refreshed."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.reads = MutualAttention(dim, heads)
        self.image_update = Update(dim)
        self.clinical_update = Update(dim)

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Tensor, Weights]:
        """Both sides' refreshed tokens, and the weights of both directions."""
        from_clinical, from_image, weights = self.reads(image, clinical)
        return (
            self.image_update(image, from_clinical),
            self.clinical_update(clinical, from_image),
            weights,
        )


class Update(nn.Module):
    """Tokens with what they read, normalised, and refreshed by a two-layer perceptron."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.read_norm = nn.LayerNorm(dim)
        self.norm = nn.LayerNorm(dim)
        self.perceptron = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))

    def forward(self, tokens: Tensor, read: Tensor) -> Tensor:
        """LN(t + FFN(t)) with t = LN(tokens + read)."""
        joined = self.read_norm(tokens + read)
        refreshed: Tensor = self.norm(joined + self.perceptron(joined))
        return refreshed


class StackedAttention(nn.Module):
    """Bidirectional cross-attention in layers: a reading of arXiv 2511.14604.

    z = Σ_l α_l [mean Xˡ; mean Mˡ] with α = softmax(a). Keys and values of a layer come from the
    tokens that the layer before refreshed.

    NOTE[DIFF] The paper's text names a "layer-wise fusion weight" and a "key-value updater" without
    their formulas: here a softmax over layers, and the perceptron that refreshes the tokens.
    """

    def __init__(self, dim: int, heads: int, *, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(CrossLayer(dim, heads) for _ in range(layers))
        self.layer_scores = nn.Parameter(torch.zeros(layers))

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Weights]:
        """The pooled pair (B, 2d), the last layer's weights, and each layer's by number."""
        pairs: list[Tensor] = []
        attention: Weights = {}
        for number, layer in enumerate(self.layers, start=1):
            image, clinical, weights = layer(image, clinical)
            pairs.append(pooled_pair(image, clinical))
            attention |= weights
            attention |= {f"{name}/{number}": weight for name, weight in weights.items()}
        shares = self.layer_scores.softmax(dim=0)
        return torch.einsum("l,lbd->bd", shares, torch.stack(pairs)), attention


def _through(tokens: Tensor, weight: Tensor, *, heads: int) -> Tensor:
    """Each head of tokens (B, N, H·e) times its rows of a weight (H·e, d), as (B, H, N, d)."""
    per_head = rearrange(weight, "(h e) d -> h e d", h=heads)
    return torch.einsum("bhne,hed->bhnd", _heads(tokens, heads), per_head)


def _scores(moved: Tensor, image: Tensor, *, heads: int) -> Tensor:
    """Scaled products (B, H, Nc, Ni) of what was moved to width d with the image's tokens."""
    scaled = moved.flatten(1, 2) * float((image.shape[-1] // heads) ** -0.5)
    return rearrange(scaled @ image.transpose(-1, -2), "b (h n) m -> b h n m", h=heads)


def pooled_pair(left: Tensor, right: Tensor) -> Tensor:
    """Both sides' tokens averaged and joined (B, 2d); a batch of one meets every row."""
    pooled = left.mean(dim=1), right.mean(dim=1)
    batch = max(part.shape[0] for part in pooled)
    return torch.cat([part.expand(batch, -1) for part in pooled], dim=-1)
