"""The networks of a GAN of pictures that the flags ask for."""

from keras_gans.networks import (
    build_dcgan_discriminator,
    build_dcgan_generator,
    build_mlp_discriminator,
    build_mlp_generator,
    build_resnet_gan_discriminator,
    build_resnet_gan_generator,
)


def build(config, image_shape, num_classes=None):
    """Builds a generator and a discriminator.

    Args:
        config: Config of `trainers.gan` or `trainers.conditional_gan`.
        image_shape: Tuple `(height, width, channels)`.
        num_classes: Integer, for networks that are given a label too, or
            `None`.

    Returns:
        `(generator, discriminator)`, two `keras.Model`s.
    """
    conditioning = {}
    if num_classes is not None and config.network != "resnet":
        conditioning["conditioning"] = config.conditioning
    if config.network == "mlp":
        hidden_units = (config.hidden_units, config.hidden_units)
        generator = build_mlp_generator(
            config.latent_dim, image_shape, hidden_units, num_classes
        )
        discriminator = build_mlp_discriminator(
            image_shape,
            hidden_units,
            num_classes,
            spectral_norm=config.spectral_norm,
            dropout=config.dropout,
            **conditioning,
        )
    elif config.network == "resnet":
        generator = build_resnet_gan_generator(
            config.latent_dim,
            image_shape,
            config.generator_filters,
            num_classes,
        )
        discriminator = build_resnet_gan_discriminator(
            image_shape,
            config.discriminator_filters,
            num_classes,
            config.spectral_norm,
        )
    else:
        generator = build_dcgan_generator(
            config.latent_dim,
            image_shape,
            config.generator_filters,
            num_classes,
        )
        discriminator = build_dcgan_discriminator(
            image_shape,
            config.discriminator_filters,
            num_classes,
            normalization=config.discriminator_normalization,
            spectral_norm=config.spectral_norm,
            minibatch_stddev=config.minibatch_stddev,
            dropout=config.dropout,
            **conditioning,
        )
    return generator, discriminator
