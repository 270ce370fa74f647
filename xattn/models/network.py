"""What every model offers: `forward` is `encode_image`, then `fuse`."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn

from xattn.models.tokens import ImageTokens, Output


class NetworkConfig(Protocol):
    """What the other layers need of a model's configuration."""

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""

    @property
    def fill(self) -> float:
        """Grey of an absent region, as trained; filled throughout is "image absent"."""


class Backbone(nn.Module):
    """An image encoder that returns its last feature map (B, channels, H/stride, W/stride)."""

    channels: int
    stride: int


class Network(nn.Module, ABC):
    """A model of one film and one form, in two steps so that a form can change without the film.

    Nothing hooks it: what an explainer needs is returned.
    """

    config: NetworkConfig
    backbone: "Backbone"

    @abstractmethod
    def encode_image(self, image: Tensor) -> ImageTokens:
        """Tokens of grey images (B, 1, H, W) in 0 to 1, bright = dense."""

    @abstractmethod
    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """Scores (B, K) of a film's tokens and forms: slots (B, S) and what is known (B, F).

        One film may meet many forms: a batch of one on the image side fits any batch of forms.
        """

    def forward(self, image: Tensor, values: Tensor, known: Tensor) -> Output:
        """Scores of films (B, 1, H, W) with their forms."""
        return self.fuse(self.encode_image(image), values, known)


Builder = Callable[[dict[str, object]], Network]
"""From a stored configuration to a model with fresh weights."""
