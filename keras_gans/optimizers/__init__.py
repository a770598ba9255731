"""The optimizer and the learning-rate schedule of the GAN papers."""

from keras_gans.optimizers.flat_then_linear import FlatThenLinear
from keras_gans.optimizers.fused_adam import FusedAdam

__all__ = ["FlatThenLinear", "FusedAdam"]
