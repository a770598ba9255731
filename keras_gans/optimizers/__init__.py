"""Learning-rate schedules of the GAN papers."""

from keras_gans.optimizers.flat_then_linear import FlatThenLinear

__all__ = ["FlatThenLinear"]
