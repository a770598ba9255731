"""Tiny GANs whose pictures depend on noise and label, as after training."""

import keras

import keras_gans
from tests.networks import gan_pairs

LATENT_DIM = 4
SHAPE = (8, 8, 1)
NUM_CLASSES = 3


def build_dcgan(num_classes):
    return (
        keras_gans.build_dcgan_generator(LATENT_DIM, SHAPE, 8, num_classes),
        keras_gans.build_dcgan_discriminator(SHAPE, 4, num_classes),
    )


def build_mlp(num_classes):
    return (
        keras_gans.build_mlp_generator(LATENT_DIM, SHAPE, (16,), num_classes),
        keras_gans.build_mlp_discriminator(SHAPE, (8,), num_classes),
    )


def build_resnet(num_classes):
    return (
        keras_gans.build_resnet_gan_generator(
            LATENT_DIM, SHAPE, 4, num_classes
        ),
        keras_gans.build_resnet_gan_discriminator(SHAPE, 4, num_classes),
    )


PAIRS = {"dcgan": build_dcgan, "mlp": build_mlp, "resnet": build_resnet}


def build(pair, num_classes=None, average_decay=0.9):
    """Builds a model; its averaged generator, if any, is another network."""
    keras.utils.set_random_seed(0)
    generator, discriminator = PAIRS[pair](num_classes)
    gan_pairs.shake(generator)
    if num_classes is None:
        model = keras_gans.GAN(
            generator, discriminator, average_decay=average_decay
        )
    else:
        model = keras_gans.ConditionalGAN(
            generator, discriminator, num_classes, average_decay=average_decay
        )
    gan_pairs.shake(generator, seed=1)
    model.compile()
    return model
