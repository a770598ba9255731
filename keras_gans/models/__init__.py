"""Models: Keras models whose `train_step` is the algorithm of a paper."""

from keras_gans.models.conditional_gan import ConditionalGAN
from keras_gans.models.cyclegan import CycleGAN
from keras_gans.models.gan import GAN

__all__ = ["GAN", "ConditionalGAN", "CycleGAN"]
