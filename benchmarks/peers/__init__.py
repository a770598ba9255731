"""The models of this package in PyTorch, to compare with: needs PyTorch.

Written from the papers, in the order of operations of their authors' code.
The tests compare them with ours in numbers, `training_steps.py` in speed and
memory. Keras is not imported: a process that measures holds one library.
"""

from peers.networks import (
    dcgan_discriminator,
    dcgan_generator,
    patchgan_discriminator,
    resnet_generator,
    unet_generator,
    vae_decoder,
    vae_encoder,
)
from peers.steps import (
    DCGAN,
    CycleGAN,
    ImagePool,
    Pix2Pix,
    VariationalAutoencoder,
)
from peers.weights import arrays_of, copy_weights, load_weights

__all__ = [
    "DCGAN",
    "CycleGAN",
    "ImagePool",
    "Pix2Pix",
    "VariationalAutoencoder",
    "arrays_of",
    "copy_weights",
    "dcgan_discriminator",
    "dcgan_generator",
    "load_weights",
    "patchgan_discriminator",
    "resnet_generator",
    "unet_generator",
    "vae_decoder",
    "vae_encoder",
]
