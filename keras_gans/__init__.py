"""Image autoencoders and GANs for Keras 3: learn, train, ship."""

from keras_gans.layers import (
    ImagePool,
    InstanceNormalization,
    PixelShuffle,
    ReflectionPadding2D,
)
from keras_gans.models import CycleGAN
from keras_gans.networks import (
    build_patchgan_discriminator,
    build_resnet_generator,
)
from keras_gans.optimizers import FlatThenLinear
from keras_gans.version import __version__

__all__ = [
    "CycleGAN",
    "FlatThenLinear",
    "ImagePool",
    "InstanceNormalization",
    "PixelShuffle",
    "ReflectionPadding2D",
    "__version__",
    "build_patchgan_discriminator",
    "build_resnet_generator",
]
