"""Builders of the papers' networks: functional Keras models, ready to train."""

from keras_gans.networks.convolutional_autoencoder import (
    build_convolutional_decoder,
    build_convolutional_encoder,
)
from keras_gans.networks.dcgan import (
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from keras_gans.networks.dense_autoencoder import (
    build_dense_decoder,
    build_dense_encoder,
)
from keras_gans.networks.mlp import build_mlp_discriminator, build_mlp_generator
from keras_gans.networks.mobile_resnet import build_mobile_resnet_generator
from keras_gans.networks.mobile_unet import build_mobile_unet_generator
from keras_gans.networks.patchgan import build_patchgan_discriminator
from keras_gans.networks.resnet import build_resnet_generator
from keras_gans.networks.resnet_gan import (
    build_resnet_gan_discriminator,
    build_resnet_gan_generator,
)
from keras_gans.networks.unet import build_unet_generator

__all__ = [
    "build_convolutional_decoder",
    "build_convolutional_encoder",
    "build_dcgan_discriminator",
    "build_dcgan_generator",
    "build_dense_decoder",
    "build_dense_encoder",
    "build_mlp_discriminator",
    "build_mlp_generator",
    "build_mobile_resnet_generator",
    "build_mobile_unet_generator",
    "build_patchgan_discriminator",
    "build_resnet_gan_discriminator",
    "build_resnet_gan_generator",
    "build_resnet_generator",
    "build_unet_generator",
]
