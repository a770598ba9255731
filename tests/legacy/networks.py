"""Networks as scripts with tensorflow-addons wrote them, for both worlds.

Each function takes `keras` and `tfa`: TensorFlow 2.15's `tf.keras` and
`tensorflow_addons`, or Keras 3 and `keras_gans.compat.tfa`. That it is the same
source is what a changed import line promises.
"""

import functools

import tensorflow as tf

IMAGE_SHAPE = (16, 16, 3)


@functools.cache
def reflection_padding(keras):
    """The padding layer of the CycleGAN example on keras.io, as a class."""

    class ReflectionPadding2D(keras.layers.Layer):
        def __init__(self, padding=(1, 1), **kwargs):
            self.padding = tuple(padding)
            super().__init__(**kwargs)

        def call(self, inputs):
            height, width = self.padding
            paddings = [[0, 0], [height, height], [width, width], [0, 0]]
            return tf.pad(inputs, paddings, mode="REFLECT")

        def get_config(self):
            return {**super().get_config(), "padding": self.padding}

    return ReflectionPadding2D


def resnet_generator(keras, tfa):
    """Layer by layer `build_resnet_generator(IMAGE_SHAPE, filters=2,
    num_residual_blocks=1, affine=True)`, with the layers' default names."""
    layers, pad = keras.layers, reflection_padding(keras)

    def norm(x):
        return tfa.layers.InstanceNormalization(epsilon=1e-5)(x)

    images = layers.Input(IMAGE_SHAPE)
    x = layers.Conv2D(2, 7)(pad((3, 3))(images))
    x = layers.ReLU()(norm(x))
    for filters in (4, 8):
        x = layers.Conv2D(filters, 3, strides=2)(layers.ZeroPadding2D(1)(x))
        x = layers.ReLU()(norm(x))
    shortcut = x
    x = layers.ReLU()(norm(layers.Conv2D(8, 3)(pad((1, 1))(x))))
    x = norm(layers.Conv2D(8, 3)(pad((1, 1))(x)))
    x = layers.Add()([shortcut, x])
    for filters in (4, 2):
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="valid")(x)
        x = layers.ReLU()(norm(layers.Cropping2D(((1, 0), (1, 0)))(x)))
    x = layers.Conv2D(3, 7)(pad((3, 3))(x))
    return keras.Model(images, layers.Activation("tanh")(x))


def example_generator(keras, tfa):
    """The generator of the CycleGAN example on keras.io, made small.

    Unlike the paper's it pads strided convolutions by `same`, and has the
    epsilon of tensorflow-addons, 1e-3; this package has no builder for it.
    """
    layers, pad = keras.layers, reflection_padding(keras)

    def conv(x, filters, size, layer=layers.Conv2D, **kwargs):
        x = layer(filters, size, use_bias=False, **kwargs)(x)
        return tfa.layers.InstanceNormalization(
            gamma_initializer=keras.initializers.RandomNormal(0.0, 0.02)
        )(x)

    images = layers.Input(IMAGE_SHAPE)
    x = layers.Activation("relu")(conv(pad((3, 3))(images), 2, 7))
    x = layers.Activation("relu")(conv(x, 4, 3, strides=2, padding="same"))
    shortcut = x
    x = layers.Activation("relu")(conv(pad()(x), 4, 3))
    x = layers.add([shortcut, conv(pad()(x), 4, 3)])
    x = conv(x, 2, 3, layers.Conv2DTranspose, strides=2, padding="same")
    x = layers.Conv2D(3, 7)(pad((3, 3))(layers.Activation("relu")(x)))
    return keras.Model(images, layers.Activation("tanh")(x))


def patchgan_discriminator(keras, tfa):
    """Layer by layer `build_patchgan_discriminator(IMAGE_SHAPE, filters=4,
    num_layers=2, affine=True)`, with the layers' default names."""
    layers = keras.layers
    images = layers.Input(IMAGE_SHAPE)
    x = layers.Conv2D(4, 4, strides=2)(layers.ZeroPadding2D(1)(images))
    x = layers.LeakyReLU(0.2)(x)
    for filters, strides in ((8, 2), (16, 1)):
        x = layers.Conv2D(filters, 4, strides)(layers.ZeroPadding2D(1)(x))
        x = tfa.layers.InstanceNormalization(epsilon=1e-5)(x)
        x = layers.LeakyReLU(0.2)(x)
    return keras.Model(images, layers.Conv2D(1, 4)(layers.ZeroPadding2D(1)(x)))


def spectral_discriminator(keras, tfa):
    """Layer by layer `build_dcgan_discriminator(IMAGE_SHAPE, filters=4,
    normalization="none", spectral_norm=True)`, with the layers' default names.
    """
    layers, spectral = keras.layers, tfa.layers.SpectralNormalization
    x = images = layers.Input(IMAGE_SHAPE)
    for filters in (4, 8):
        x = spectral(layers.Conv2D(filters, 4, strides=2, padding="same"))(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten()(spectral(layers.Conv2D(1, 4))(x))
    return keras.Model(images, x)


NETWORKS = (
    resnet_generator,
    example_generator,
    patchgan_discriminator,
    spectral_discriminator,
)
