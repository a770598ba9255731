"""Image autoencoders and GANs for Keras 3: learn, train, ship."""

from keras_gans.layers import (
    ImagePool,
    InstanceNormalization,
    MinibatchStdDev,
    PixelShuffle,
    ReflectionPadding2D,
)
from keras_gans.models import (
    GAN,
    ConditionalGAN,
    CycleGAN,
    Pix2Pix,
    inference_view,
)
from keras_gans.networks import (
    build_dcgan_discriminator,
    build_dcgan_generator,
    build_mlp_discriminator,
    build_mlp_generator,
    build_patchgan_discriminator,
    build_resnet_gan_discriminator,
    build_resnet_gan_generator,
    build_resnet_generator,
    build_unet_generator,
)
from keras_gans.optimizers import FlatThenLinear
from keras_gans.version import __version__

__all__ = [
    "GAN",
    "ConditionalGAN",
    "CycleGAN",
    "FlatThenLinear",
    "ImagePool",
    "InstanceNormalization",
    "MinibatchStdDev",
    "Pix2Pix",
    "PixelShuffle",
    "ReflectionPadding2D",
    "__version__",
    "build_dcgan_discriminator",
    "build_dcgan_generator",
    "build_mlp_discriminator",
    "build_mlp_generator",
    "build_patchgan_discriminator",
    "build_resnet_gan_discriminator",
    "build_resnet_gan_generator",
    "build_resnet_generator",
    "build_unet_generator",
    "inference_view",
]
