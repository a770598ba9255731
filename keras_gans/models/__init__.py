"""Models: Keras models whose `train_step` is the algorithm of a paper."""

from keras_gans.models.conditional_gan import ConditionalGAN
from keras_gans.models.cyclegan import CycleGAN
from keras_gans.models.gan import GAN
from keras_gans.models.inference import inference_view
from keras_gans.models.pix2pix import Pix2Pix

__all__ = ["GAN", "ConditionalGAN", "CycleGAN", "Pix2Pix", "inference_view"]
