"""Networks of ours beside those of pytorch-CycleGAN-and-pix2pix."""

import functools

import pytest

from keras_gans.networks import (
    build_patchgan_discriminator,
    build_resnet_generator,
    build_unet_generator,
)


def pairs():
    """Dict from a name to functions that build our network and theirs."""
    torch = pytest.importorskip("torch")
    from tests.compat import project_networks as project

    instance, batch = torch.nn.InstanceNorm2d, torch.nn.BatchNorm2d
    affine = functools.partial(instance, affine=True)
    resnet = functools.partial(build_resnet_generator, (16, 16, 3), filters=2)
    unet = functools.partial(build_unet_generator, (32, 32, 3), filters=2)
    patchgan = functools.partial(
        build_patchgan_discriminator, (32, 32, 3), filters=2
    )
    batch_norm = {"normalization": "batch", "affine": True, "use_bias": False}
    return {
        "resnet": (
            lambda: resnet(num_residual_blocks=2),
            lambda: project.ResnetGenerator(2, 2, instance, True),
        ),
        "affine resnet": (
            lambda: resnet(num_residual_blocks=2, affine=True),
            lambda: project.ResnetGenerator(2, 2, affine, True),
        ),
        "batch resnet with dropout": (
            lambda: resnet(num_residual_blocks=1, dropout=0.5, **batch_norm),
            lambda: project.ResnetGenerator(2, 1, batch, False, True),
        ),
        "resnet of 11 blocks": (
            lambda: resnet(num_residual_blocks=11),
            lambda: project.ResnetGenerator(2, 11, instance, True),
        ),
        "unet": (unet, lambda: project.UnetGenerator(2, 5, batch, False)),
        "instance unet": (
            lambda: unet(normalization="instance", num_levels=3),
            lambda: project.UnetGenerator(2, 3, instance, True),
        ),
        "unet of 2 levels": (
            lambda: unet(num_levels=2),
            lambda: project.UnetGenerator(2, 2, batch, False),
        ),
        "patchgan": (
            patchgan,
            lambda: project.NLayerDiscriminator(2, 3, instance, True),
        ),
        "batch patchgan": (
            lambda: patchgan(num_layers=2, **batch_norm),
            lambda: project.NLayerDiscriminator(2, 2, batch, False),
        ),
        "pixelgan": (
            lambda: patchgan(num_layers=0),
            lambda: project.PixelDiscriminator(2, instance, True),
        ),
    }


def randomize(module, seed=0, scale=0.2):
    """Draws all weights of a module; running variances are positive."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    for name, tensor in module.state_dict().items():
        if tensor.dtype != torch.float32:
            continue
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2.0, generator=generator)
        else:
            tensor.normal_(0.0, scale, generator=generator)
    return module
