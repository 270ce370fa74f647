"""Encoder passes in chunks: the tokens of single passes, in full precision unless asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from tests import tiny
from xattn.explain.encoding import AT_ONCE, encode
from xattn.models import precision
from xattn.models.tokens import ImageTokens


@dataclass
class Recorder:
    """An encoder of one product, which notes how it is called."""

    sizes: list[int] = field(default_factory=list)
    types: set[torch.dtype] = field(default_factory=set)
    gradients: set[bool] = field(default_factory=set)

    def encode_image(self, films: Tensor) -> ImageTokens:
        flat = films.flatten(1)
        tokens = (flat @ torch.ones(flat.shape[1], 3)).unsqueeze(1)
        self.sizes.append(len(films))
        self.types.add(tokens.dtype)
        self.gradients.add(torch.is_grad_enabled())
        return ImageTokens(tokens, (1, 1), films, {"gate": films})


@pytest.fixture
def with_bfloat16(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(precision, "has_bfloat16", lambda _: True)
    return iter(())


@pytest.mark.parametrize("count", [1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 3])
def test_films_are_encoded_in_order_in_chunks_without_gradients(count):
    recorder = Recorder()
    films = torch.arange(float(count)).reshape(count, 1, 1, 1).expand(count, 1, 2, 2)
    found = encode(SimpleNamespace(module=recorder), films)
    assert sum(recorder.sizes) == count
    assert recorder.sizes == [AT_ONCE] * (count // AT_ONCE) + [count % AT_ONCE] * bool(
        count % AT_ONCE
    )
    assert recorder.gradients == {False}
    # Sums of four equal whole numbers are exact.
    assert found.tokens[:, 0, 0].tolist() == [4.0 * place for place in range(count)]


def test_features_and_gates_are_dropped_and_the_grid_is_kept():
    found = encode(SimpleNamespace(module=Recorder()), torch.ones(3, 1, 2, 2))
    assert (found.features.numel(), found.gates, found.grid) == (0, {}, (1, 1))


@pytest.mark.usefixtures("with_bfloat16")
def test_bfloat16_is_used_only_when_asked_and_never_handed_on():
    films = torch.full((2, 1, 2, 2), 1 + 2**-10)  # bfloat16 has eight bits: it rounds to 1
    for is_rounded, kind, total in (
        (False, torch.float32, 4 + 2**-8),
        (True, torch.bfloat16, 4.0),
    ):
        recorder = Recorder()
        found = encode(SimpleNamespace(module=recorder), films, is_rounded=is_rounded)
        assert recorder.types == {kind}
        assert found.tokens.dtype == torch.float32
        assert found.tokens.unique().tolist() == [total]


def test_chunks_give_the_tokens_of_single_passes():
    model = tiny.breast_model()
    model.module.double()  # so that the order of sums does not show
    films = torch.rand(AT_ONCE + 2, 1, 96, 96, generator=torch.Generator().manual_seed(0)).double()
    found = encode(model, films)
    with torch.no_grad():
        single = [model.module.encode_image(film[None]) for film in films]
    assert found.grid == single[0].grid
    # Both are rounded to float32 once.
    torch.testing.assert_close(
        found.tokens, torch.cat([part.tokens for part in single]).float(), rtol=1e-6, atol=1e-6
    )
