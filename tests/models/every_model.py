"""One small model of each kind, from the package's own builders."""

import keras
import numpy as np
import tensorflow as tf

from keras_gans.layers import GaussianCorruption
from keras_gans.models import (
    GAN,
    Autoencoder,
    ConditionalGAN,
    CycleGAN,
    DenoisingAutoencoder,
    Pix2Pix,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from keras_gans.networks import (
    build_convolutional_decoder,
    build_convolutional_encoder,
    build_mlp_discriminator,
    build_mlp_generator,
    build_patchgan_discriminator,
    build_resnet_gan_discriminator,
    build_resnet_gan_generator,
    build_resnet_generator,
    build_unet_generator,
)

SIZE, CLASSES, CODE_DIM = 8, 3, 4
SHAPE = (SIZE, SIZE, 3)


def _gan():
    return GAN(
        build_mlp_generator(CODE_DIM, SHAPE, (8,)),
        build_mlp_discriminator(SHAPE, (8,)),
        average_decay=0.5,
        seed=0,
    ), {"penalty": "gradient", "instance_noise": 0.1}


def _conditional_gan():
    """With batch norm by class, spectral norm and a projection."""
    return ConditionalGAN(
        build_resnet_gan_generator(CODE_DIM, SHAPE, 4, CLASSES),
        build_resnet_gan_discriminator(SHAPE, 4, num_classes=CLASSES),
        CLASSES,
        seed=0,
    ), {"adversarial_loss": "hinge"}


def _pix2pix():
    return Pix2Pix(
        build_unet_generator(SHAPE, 3, 4, normalization="batch", dropout=0.0),
        build_patchgan_discriminator((SIZE, SIZE, 6), 4, 1, "batch", True),
    ), {}


def _cyclegan():
    return CycleGAN(
        *[build_resnet_generator(SHAPE, None, 4, 1) for _ in "ab"],
        *[build_patchgan_discriminator(SHAPE, 4, 1) for _ in "ab"],
        pool_size=5,
        seed=0,
    ), {}


def coders(variational=False, code_activation="linear"):
    return (
        build_convolutional_encoder(
            SHAPE, CODE_DIM, (4,), code_activation, variational
        ),
        build_convolutional_decoder(
            CODE_DIM, SHAPE, (4,), "linear" if variational else "tanh"
        ),
    )


def _autoencoder():
    return Autoencoder(*coders()), {}


def _denoising_autoencoder():
    corruption = GaussianCorruption(0.2, seed=0)
    return DenoisingAutoencoder(*coders(), corruption), {}


def _sparse_autoencoder():
    networks = coders(code_activation="sigmoid")
    return SparseAutoencoder(*networks), {"penalty": "kl"}


def _variational_autoencoder():
    return VariationalAutoencoder(*coders(variational=True), seed=0), {}


MAKERS = {
    "gan": _gan,
    "conditional_gan": _conditional_gan,
    "pix2pix": _pix2pix,
    "cyclegan": _cyclegan,
    "autoencoder": _autoencoder,
    "denoising_autoencoder": _denoising_autoencoder,
    "sparse_autoencoder": _sparse_autoencoder,
    "variational_autoencoder": _variational_autoencoder,
}
NAMES = tuple(MAKERS)


def make(name, **compile_arguments):
    """Compiled, in eager mode unless told otherwise."""
    keras.utils.set_random_seed(0)
    model, arguments = MAKERS[name]()
    arguments = {"run_eagerly": True, **arguments, **compile_arguments}
    model.compile(**arguments)
    return model


def sgd(name, rate=1e-3):
    """Arguments of `compile` for steps as long as the gradients."""
    if name.endswith("autoencoder"):
        return {"optimizer": keras.optimizers.SGD(rate)}
    return {
        f"{player}_optimizer": keras.optimizers.SGD(rate)
        for player in ("generator", "discriminator")
    }


def batch(name, count=4):
    """What a batch of the model's data holds."""
    rng = np.random.default_rng(1)
    images, others = (
        rng.uniform(-1, 1, (count, *SHAPE)).astype("float32") for _ in "ab"
    )
    if name in ("pix2pix", "cyclegan"):
        return images, others
    if name == "conditional_gan":
        return images, (np.arange(count) % CLASSES).astype("int32")
    return images


def dataset(name, num_batches=2, batch_size=4):
    rows = batch(name, num_batches * batch_size)
    batches = tf.data.Dataset.from_tensor_slices(rows)
    return batches.batch(batch_size, drop_remainder=True)


def step(model, name, count=4):
    """One training step; its logs alone."""
    model.reset_metrics()
    data = tf.nest.map_structure(tf.constant, batch(name, count))
    return model.train_step(data)
