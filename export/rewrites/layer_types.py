"""Layers that rewrites recognise: Keras's, and ours that compute the same."""

from keras import layers

from keras_gans.layers import Conv2D, Conv2DTranspose

CONVOLUTIONS = frozenset({Conv2D, layers.Conv2D})
TRANSPOSED_CONVOLUTIONS = frozenset({Conv2DTranspose, layers.Conv2DTranspose})
