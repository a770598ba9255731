"""The models of the rows of `training_steps.py`: defaults of the papers."""

import keras_gans

POOL_SIZE = 50
CODE_DIM = 32


def build(name, side):
    """Builds an uncompiled model.

    Args:
        name: `"cyclegan"`, `"pix2pix"`, `"dcgan"` or `"vae"`.
        side: Integer, height and width of the images.

    Returns:
        The model, and its networks, a dictionary by name.
    """
    return _BUILDERS[name](side)


def _cyclegan(side):
    shape = (side, side, 3)
    networks = {
        "generator_ab": keras_gans.build_resnet_generator(shape),
        "generator_ba": keras_gans.build_resnet_generator(shape),
        "discriminator_a": keras_gans.build_patchgan_discriminator(shape),
        "discriminator_b": keras_gans.build_patchgan_discriminator(shape),
    }
    model = keras_gans.CycleGAN(
        **networks,
        pool_size=POOL_SIZE,
        seed=0,
    )
    return model, networks


def _pix2pix(side):
    networks = {
        "generator": keras_gans.build_unet_generator((side, side, 3)),
        "discriminator": keras_gans.build_patchgan_discriminator(
            (side, side, 6), normalization="batch", affine=True, use_bias=False
        ),
    }
    return keras_gans.Pix2Pix(**networks, seed=0), networks


def _dcgan(side):
    shape = (side, side, 3)
    networks = {
        "generator": keras_gans.build_dcgan_generator(image_shape=shape),
        "discriminator": keras_gans.build_dcgan_discriminator(shape),
    }
    return keras_gans.GAN(**networks, seed=0), networks


def _vae(side):
    shape = (side, side, 1)
    networks = {
        "encoder": keras_gans.build_convolutional_encoder(
            shape, CODE_DIM, variational=True
        ),
        "decoder": keras_gans.build_convolutional_decoder(
            CODE_DIM, shape, output_activation="linear"
        ),
    }
    return keras_gans.VariationalAutoencoder(**networks, seed=0), networks


_BUILDERS = {
    "cyclegan": _cyclegan,
    "pix2pix": _pix2pix,
    "dcgan": _dcgan,
    "vae": _vae,
}
