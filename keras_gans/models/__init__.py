"""Models: Keras models whose `train_step` is the algorithm of a paper."""

from keras_gans.models.autoencoder import Autoencoder
from keras_gans.models.conditional_gan import ConditionalGAN
from keras_gans.models.cyclegan import CycleGAN
from keras_gans.models.denoising_autoencoder import DenoisingAutoencoder
from keras_gans.models.gan import GAN
from keras_gans.models.inference import inference_view
from keras_gans.models.pix2pix import Pix2Pix
from keras_gans.models.sparse_autoencoder import SparseAutoencoder
from keras_gans.models.variational_autoencoder import VariationalAutoencoder

__all__ = [
    "GAN",
    "Autoencoder",
    "ConditionalGAN",
    "CycleGAN",
    "DenoisingAutoencoder",
    "Pix2Pix",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "inference_view",
]
