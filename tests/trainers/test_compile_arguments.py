"""Flags of speed reach the models of all trainers."""

import importlib

import pytest

from trainers import config as config_lib

TASKS = {
    "autoencoder undercomplete": ("autoencoder_task", "UndercompleteTask"),
    "autoencoder denoising": ("autoencoder_task", "DenoisingTask"),
    "autoencoder sparse": ("autoencoder_task", "SparseTask"),
    "autoencoder variational": ("autoencoder_task", "VariationalTask"),
    "gan": ("image_task", "ImageTask"),
    "gan of points": ("mixture_task", "MixtureTask"),
    "conditional_gan": ("image_task", "ConditionalImageTask"),
    "pix2pix": ("pix2pix", "Pix2PixTask"),
    "cyclegan": ("cyclegan", "CycleGANTask"),
}


@pytest.fixture
def flags_of(
    tiny_flags,
    tiny_image_flags,
    tiny_mixture_flags,
    tiny_pair_flags,
    tiny_autoencoder_flags,
):
    return {
        "gan": tiny_image_flags,
        "gan of points": tiny_mixture_flags,
        "conditional_gan": tiny_image_flags,
        "pix2pix": tiny_pair_flags,
        "cyclegan": tiny_flags,
        **{
            name: [*tiny_autoencoder_flags, f"--model={name.split()[1]}"]
            for name in TASKS
            if name.startswith("autoencoder")
        },
    }


def build(name, flags):
    config_cls = importlib.import_module(f"trainers.{name.split()[0]}").Config
    config = config_cls(**config_lib.parse(config_cls, flags))
    module, task = TASKS[name]
    task_cls = getattr(importlib.import_module(f"trainers.{module}"), task)
    return task_cls(config).build_model()


@pytest.mark.parametrize("name", TASKS)
def test_flags_reach_the_model(name, flags_of):
    flags = ["--jit_compile", "--steps_per_execution=3", "--batch_size=4"]
    flags += ["--accumulate_steps=2"]
    model = build(name, [*flags_of[name], *flags])
    assert model.jit_compile is True
    assert model.steps_per_execution == 3
    assert model.accumulate_steps == 2


def test_xla_is_off_where_nobody_asks_for_it(flags_of):
    # Keras's own default would turn it on where there is a GPU.
    model = build("gan of points", flags_of["gan of points"])
    assert model.get_compile_config()["jit_compile"] is False
