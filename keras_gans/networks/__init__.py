"""Builders of the papers' networks: functional Keras models, ready to train."""

from keras_gans.networks.patchgan import build_patchgan_discriminator
from keras_gans.networks.resnet import build_resnet_generator

__all__ = ["build_patchgan_discriminator", "build_resnet_generator"]
