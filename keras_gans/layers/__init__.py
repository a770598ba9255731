"""Layers that Keras lacks: they own weights, state, or mathematics."""

from keras_gans.layers.convolution import Conv2D, Conv2DTranspose
from keras_gans.layers.corruption import (
    Corruption,
    GaussianCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
)
from keras_gans.layers.gaussian_sampling import GaussianSampling
from keras_gans.layers.image_pool import ImagePool
from keras_gans.layers.instance_normalization import InstanceNormalization
from keras_gans.layers.minibatch_stddev import MinibatchStdDev
from keras_gans.layers.pixel_shuffle import PixelShuffle
from keras_gans.layers.reflection_padding import ReflectionPadding2D

__all__ = [
    "Conv2D",
    "Conv2DTranspose",
    "Corruption",
    "GaussianCorruption",
    "GaussianSampling",
    "ImagePool",
    "InstanceNormalization",
    "MaskingCorruption",
    "MinibatchStdDev",
    "PixelShuffle",
    "ReflectionPadding2D",
    "SaltAndPepperCorruption",
]
