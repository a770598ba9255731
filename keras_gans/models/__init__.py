"""Models: Keras models whose `train_step` is the algorithm of a paper."""

from keras_gans.models.cyclegan import CycleGAN

__all__ = ["CycleGAN"]
