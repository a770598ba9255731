"""The process that trains a peer in PyTorch: `training_steps.py` starts it."""

import itertools
import os
import pathlib

import peers
import torch

from export.benchmark.worker import serve
from step_workers import files, stepping

CODE_DIM = 32


def prepare(model, side, variant, folder):
    """Returns a function of one step."""
    del side  # PyTorch's networks take any.
    folder = pathlib.Path(folder)
    layout = torch.contiguous_format
    if variant in ("channels_last", "bfloat16"):
        layout = torch.channels_last
    networks = {}
    for name, network in _NETWORKS[model]().items():
        peers.load_weights(network, files.read_weights(folder, name))
        networks[name] = network.to(memory_format=layout)
        if variant == "compile":
            network.compile()
    peer = _PEERS[model](networks, folder, autocast=variant == "bfloat16")
    parts = [
        [_to_torch(x).contiguous(memory_format=layout) for x in part]
        for part in files.read_batches(folder)
    ]
    batches = itertools.cycle(list(zip(*parts)))
    return lambda: peer.step(*next(batches))


def _to_torch(array):
    return torch.from_numpy(array).permute(0, 3, 1, 2)


def _adam(*modules, learning_rate=2e-4, betas=(0.5, 0.999)):
    parameters = [p for module in modules for p in module.parameters()]
    # The fastest of the implementations; they do the same.
    return torch.optim.Adam(parameters, learning_rate, betas, fused=True)


def _cyclegan(networks, folder, autocast):
    generators = networks["generator_ab"], networks["generator_ba"]
    discriminators = networks["discriminator_a"], networks["discriminator_b"]
    pools = []
    for name in ("pool_a", "pool_b"):
        images = _to_torch(files.read_pool(folder, name)).contiguous()
        pool = peers.ImagePool(len(images))
        pool.images = list(images.split(1))
        pools.append(pool)
    return peers.CycleGAN(
        generators,
        discriminators,
        _adam(*generators),
        _adam(*discriminators),
        pools,
        autocast,
    )


def _pix2pix(networks, folder, autocast):
    players = networks["generator"], networks["discriminator"]
    return peers.Pix2Pix(*players, *map(_adam, players), autocast)


def _dcgan(networks, folder, autocast):
    players = networks["generator"], networks["discriminator"]
    return peers.DCGAN(*players, *map(_adam, players), autocast=autocast)


def _vae(networks, folder, autocast):
    parts = networks["encoder"], networks["decoder"]
    optimizer = _adam(*parts, learning_rate=1e-3, betas=(0.9, 0.999))
    return peers.VariationalAutoencoder(*parts, optimizer, autocast)


_PEERS = {
    "cyclegan": _cyclegan,
    "pix2pix": _pix2pix,
    "dcgan": _dcgan,
    "vae": _vae,
}
_NETWORKS = {
    "cyclegan": lambda: {
        "generator_ab": peers.resnet_generator(),
        "generator_ba": peers.resnet_generator(),
        "discriminator_a": peers.patchgan_discriminator(),
        "discriminator_b": peers.patchgan_discriminator(),
    },
    "pix2pix": lambda: {
        "generator": peers.unet_generator(),
        "discriminator": peers.patchgan_discriminator(
            6, norm=torch.nn.BatchNorm2d, use_bias=False
        ),
    },
    "dcgan": lambda: {
        "generator": peers.dcgan_generator(),
        "discriminator": peers.dcgan_discriminator(),
    },
    "vae": lambda: {
        "encoder": peers.vae_encoder(CODE_DIM),
        "decoder": peers.vae_decoder(CODE_DIM),
    },
}


if __name__ == "__main__":
    threads = int(os.environ["OMP_NUM_THREADS"])
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(threads)
    serve(stepping.Stepper(prepare))
