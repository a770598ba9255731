"""A training step of ours is PyTorch's, in float64: losses, gradients, weights.

The peers are `benchmarks/peers`. Gradients of ours are read off the weights, by
what a step of gradient descent moves them.
"""

import copy
import dataclasses
import functools

import keras
import numpy as np
import pytest

from keras_gans import networks
from keras_gans.layers import ImagePool
from keras_gans.models import (
    GAN,
    CycleGAN,
    Pix2Pix,
    VariationalAutoencoder,
)
from keras_gans.models.adversarial import paper_adam
from keras_gans.noise import draw_normal
from tests.networks import torch_parity

torch = pytest.importorskip("torch")
peers = pytest.importorskip("peers")

SIZE = 32
POOL_SIZE = 3
RATE = 0.01  # Of gradient descent.


@pytest.fixture(autouse=True, scope="module")
def float64():
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


def images(count, seed, shape=(SIZE, SIZE, 3)):
    return np.random.default_rng(seed).uniform(-1, 1, (count, *shape))


def to_torch(array):
    """Images with channels first."""
    return torch.from_numpy(np.array(array).transpose(0, 3, 1, 2).copy())


# --- A step of both ----------------------------------------------------------


@dataclasses.dataclass
class Step:
    """What a step of ours did; weights are in modules of PyTorch, by name."""

    batch: tuple
    before: dict
    after: dict
    logs: dict


def our_step(model, modules, batch):
    """One step from weights at which no answer and no gradient is tiny."""
    for i, (name, module) in enumerate(modules.items()):
        network = getattr(model, name)
        torch_parity.randomize(network, seed=i)
        for weight in network.trainable_variables:
            if weight.name == "kernel":
                weight.assign(3 * weight)
        peers.copy_weights(network, module.double())
        use_our_slope(module)
    logs = model.train_step(batch if len(batch) > 1 else batch[0])
    after = copy.deepcopy(modules)
    for name, module in after.items():
        peers.copy_weights(getattr(model, name), module)
    return Step(batch, modules, after, {k: float(x) for k, x in logs.items()})


def use_our_slope(module):
    """TensorFlow keeps a leaky ReLU's slope in float32, whatever the data."""
    for part in module.modules():
        if isinstance(part, torch.nn.LeakyReLU):
            part.negative_slope = float(np.float32(part.negative_slope))


def check_step(ours, modules, peer):
    """Lets a peer with the weights `ours.before` step, and compares all."""
    logs = peer.step(*map(to_torch, ours.batch))
    check_losses(ours, logs)
    for name, module in modules.items():
        check_weights(ours, name, module)
        # The comparison means something: gradients are not tiny.
        assert max(p.grad.abs().max() for p in module.parameters()) > 0.1


def check_losses(ours, logs):
    assert set(logs) <= set(ours.logs)
    for name, value in logs.items():
        np.testing.assert_allclose(
            ours.logs[name], float(value), rtol=1e-12, err_msg=name
        )


def check_weights(ours, name, module):
    """One network's weights, and the gradients that have moved them."""
    for (key, theirs), before, after in zip(
        module.named_parameters(),
        ours.before[name].parameters(),
        ours.after[name].parameters(),
    ):
        gradient = (before - after).detach().numpy() / RATE
        np.testing.assert_allclose(
            gradient, theirs.grad, rtol=0, atol=1e-10, err_msg=f"{name}.{key}"
        )
        np.testing.assert_allclose(
            after.detach(),
            theirs.detach(),
            rtol=0,
            atol=1e-12,
            err_msg=f"{name}.{key}",
        )


def check_differs(ours, modules, peer, what):
    logs = peer.step(*map(to_torch, ours.batch))
    with pytest.raises(AssertionError, match=what):
        check_losses(ours, logs)
        for name, module in modules.items():
            check_weights(ours, name, module)


# --- Optimizers --------------------------------------------------------------


def descents():
    return [keras.optimizers.SGD(RATE) for _ in range(2)]


def descent(*modules, rate=RATE):
    return torch.optim.SGD(parameters(modules), rate)


def adam(*modules):
    # Keras takes the bias correction out of the root, and its epsilon with
    # it: at the first step that is PyTorch's Adam with a larger epsilon.
    epsilon = 1e-8 / np.sqrt(1 - 0.999)
    return torch.optim.Adam(parameters(modules), 2e-4, (0.5, 0.999), epsilon)


def parameters(modules):
    return [p for module in modules for p in module.parameters()]


def check_adam(ours, modules, peer):
    peer.step(*map(to_torch, ours.batch))
    differences, moves = [], []
    for name, module in modules.items():
        for theirs, before, after in zip(
            module.parameters(),
            ours.before[name].parameters(),
            ours.after[name].parameters(),
        ):
            # A bias that a norm takes out again has no gradient but rounding,
            # which Adam would blow up to a whole step.
            if theirs.grad.abs().max() > 1e-12:
                differences.append((after - theirs).detach().flatten())
                moves.append((after - before).detach().flatten())
    assert torch.cat(moves).abs().median() > 1e-4
    np.testing.assert_allclose(torch.cat(differences), 0.0, atol=1e-6)


# --- CycleGAN ----------------------------------------------------------------


def cyclegan(optimizers):
    model = CycleGAN(
        *[
            networks.build_resnet_generator((SIZE, SIZE, 3), None, 4, 2)
            for _ in "ab"
        ],
        *[
            networks.build_patchgan_discriminator((SIZE, SIZE, 3), 4)
            for _ in "ab"
        ],
        pool_size=POOL_SIZE,
        seed=0,
    )
    for i, pool in enumerate((model.pool_a, model.pool_b)):
        pool.images.assign(images(POOL_SIZE, seed=10 + i))
        pool.num_images.assign(POOL_SIZE)
    model.compile(*optimizers, run_eagerly=True)
    return model


def cyclegan_step(optimizers):
    """Our step, and what the pools held and did in it."""
    model = cyclegan(optimizers)
    modules = {
        "generator_ab": peers.resnet_generator(4, 2),
        "generator_ba": peers.resnet_generator(4, 2),
        "discriminator_a": peers.patchgan_discriminator(3, 4),
        "discriminator_b": peers.patchgan_discriminator(3, 4),
    }
    pools = [
        (to_torch(pool.images.numpy()).split(1), draws_of(pool, 2))
        for pool in (model.pool_a, model.pool_b)
    ]
    batch = images(2, seed=20), images(2, seed=21)
    return our_step(model, modules, batch), pools


def draws_of(pool, count):
    """What a full pool will do with the next `count` images.

    A copy of it is asked, with images that it knows and images that it does
    not: where one of its own comes back, that has been swapped.
    """
    twin = ImagePool(POOL_SIZE)
    twin.build((None, 1, 1, 1))
    twin.images.assign(np.arange(POOL_SIZE).reshape(-1, 1, 1, 1))
    twin.num_images.assign(POOL_SIZE)
    twin.seed_generator.state.assign(pool.seed_generator.state)
    stored, draws = list(range(POOL_SIZE)), []
    news = np.arange(100, 100 + count)
    answers = twin(news.reshape(-1, 1, 1, 1).astype("float64"))
    for new, answer in zip(news, np.ravel(answers)):
        slot = None if answer == new else stored.index(answer)
        if slot is not None:
            stored[slot] = new
        draws.append(slot)
    return draws


def cyclegan_peer(ours, pools, make_optimizer=descent, kind=peers.CycleGAN):
    modules = copy.deepcopy(ours.before)
    generators, discriminators = (
        list(modules.values())[:2],
        list(modules.values())[2:],
    )
    their_pools = []
    for stored, draws in pools:
        their_pools.append(peers.ImagePool(POOL_SIZE, iter(draws).__next__))
        their_pools[-1].images = list(stored)
    peer = kind(
        generators,
        discriminators,
        make_optimizer(*generators),
        make_optimizer(*discriminators),
        their_pools,
    )
    return modules, peer


@pytest.fixture(scope="module")
def our_cyclegan(float64):
    return cyclegan_step(descents())


def test_a_step_of_cyclegan_equals_pytorch(our_cyclegan):
    ours, pools = our_cyclegan
    # Both pools swap one of the two images, and pass the other one on.
    assert [sorted(x is None for x in draws) for _, draws in pools] == [
        [False, True],
        [False, True],
    ]
    check_step(ours, *cyclegan_peer(ours, pools))


def test_a_step_of_adam_of_cyclegan_equals_pytorch():
    ours, pools = cyclegan_step([paper_adam(), paper_adam()])
    check_adam(ours, *cyclegan_peer(ours, pools, adam))


class HalfCycle(peers.CycleGAN):
    """Each generator from its own cycle term alone, as in Keras's example."""

    def cycle_loss(self, real_a, real_b, fake_a, fake_b):
        return super().cycle_loss(
            real_a, real_b, fake_a.detach(), fake_b.detach()
        )


class WholeDiscriminatorLoss(peers.CycleGAN):
    discriminator_loss_weight = 1.0


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        # Its losses are the same.
        (HalfCycle, "generator_ab"),
        (WholeDiscriminatorLoss, "discriminator_loss"),
    ],
)
def test_another_cyclegan_is_noticed(our_cyclegan, kind, what):
    ours, pools = our_cyclegan
    modules, peer = cyclegan_peer(ours, pools, kind=kind)
    check_differs(ours, modules, peer, what)


def test_other_draws_of_a_pool_are_noticed(our_cyclegan):
    ours, pools = our_cyclegan
    swapped = [(stored, [*reversed(draws)]) for stored, draws in pools]
    modules, peer = cyclegan_peer(ours, swapped)
    check_differs(ours, modules, peer, "discriminator_loss")


def test_pools_fill_alike():
    ours, theirs = ImagePool(POOL_SIZE), peers.ImagePool(POOL_SIZE)
    for seed in range(POOL_SIZE):
        image = images(1, seed)
        np.testing.assert_array_equal(ours(image), image)
        assert torch.equal(theirs.query(to_torch(image)), to_torch(image))
    assert torch.equal(to_torch(ours.images.numpy()), torch.cat(theirs.images))


def test_the_draws_of_a_peers_pool_have_the_papers_law():
    pool = peers.ImagePool(POOL_SIZE)
    pool.query(torch.arange(POOL_SIZE))
    answers = [
        int(pool.query(torch.tensor([new]))) == new
        for new in range(POOL_SIZE, 4000)
    ]
    # Five standard errors of a fair coin.
    assert abs(np.mean(answers) - 0.5) < 5 * 0.5 / np.sqrt(len(answers))


# --- pix2pix -----------------------------------------------------------------


def pix2pix_step(optimizers):
    model = Pix2Pix(
        networks.build_unet_generator((SIZE, SIZE, 3), filters=4, dropout=0.0),
        networks.build_patchgan_discriminator(
            (SIZE, SIZE, 6), 4, 3, "batch", affine=True, use_bias=False
        ),
    )
    model.compile(*optimizers, run_eagerly=True)
    modules = {
        "generator": peers.unet_generator(4, 5, dropout=0.0),
        "discriminator": peers.patchgan_discriminator(
            6, 4, torch.nn.BatchNorm2d, use_bias=False
        ),
    }
    return our_step(model, modules, (images(2, seed=20), images(2, seed=21)))


def pix2pix_peer(ours, make_optimizers=(descent, descent), kind=peers.Pix2Pix):
    modules = copy.deepcopy(ours.before)
    players = list(modules.values())
    optimizers = [
        make(player) for make, player in zip(make_optimizers, players)
    ]
    return modules, kind(*players, *optimizers)


@pytest.fixture(scope="module")
def our_pix2pix(float64):
    return pix2pix_step(descents())


def test_a_step_of_pix2pix_equals_pytorch(our_pix2pix):
    modules, peer = pix2pix_peer(our_pix2pix)
    check_step(our_pix2pix, modules, peer)
    for name, module in modules.items():
        check_running_means(our_pix2pix.after[name], module)


def check_running_means(ours, theirs):
    """Not the variances: PyTorch's are of a sample, n / (n - 1) times ours."""
    names = [x for x in theirs.state_dict() if x.endswith("running_mean")]
    assert names
    for name in names:
        np.testing.assert_allclose(
            ours.state_dict()[name],
            theirs.state_dict()[name],
            rtol=0,
            atol=1e-12,
        )


def test_a_step_of_adam_of_pix2pix_equals_pytorch():
    ours = pix2pix_step([paper_adam(), paper_adam()])
    check_adam(ours, *pix2pix_peer(ours, (adam, adam)))


class WholePix2PixLoss(peers.Pix2Pix):
    discriminator_loss_weight = 1.0


@pytest.mark.parametrize(
    "impostor",
    [
        {"kind": WholePix2PixLoss},
        # The generator's turn through the discriminator as it was.
        {"make_optimizers": (descent, functools.partial(descent, rate=0.0))},
    ],
    ids=["whole discriminator loss", "old discriminator"],
)
def test_another_pix2pix_is_noticed(our_pix2pix, impostor):
    modules, peer = pix2pix_peer(our_pix2pix, **impostor)
    check_differs(our_pix2pix, modules, peer, "_loss")


# --- DCGAN and the variational autoencoder -----------------------------------


def test_a_step_of_dcgan_equals_pytorch():
    filters, latent_dim, count = 2, 5, 4
    model = GAN(
        networks.build_dcgan_generator(latent_dim, filters=filters),
        networks.build_dcgan_discriminator(filters=filters),
        seed=0,
    )
    model.compile(*descents(), run_eagerly=True)
    latents = draw_normal((count, latent_dim), twin_of(model.seed_generator))
    modules = {
        "generator": peers.dcgan_generator(latent_dim, filters),
        "discriminator": peers.dcgan_discriminator(filters),
    }
    ours = our_step(model, modules, (images(count, 20, (64, 64, 3)),))
    modules = copy.deepcopy(ours.before)
    peer = peers.DCGAN(
        *modules.values(), *map(descent, modules.values()), latent_dim
    )
    peer.draw_latents = lambda num_images: torch.from_numpy(
        latents.numpy().reshape(num_images, latent_dim, 1, 1).astype("float64")
    )
    check_step(ours, modules, peer)


def test_a_step_of_the_variational_autoencoder_equals_pytorch():
    code_dim, count = 3, 4
    model = VariationalAutoencoder(
        networks.build_convolutional_encoder(
            (28, 28, 1), code_dim, variational=True
        ),
        networks.build_convolutional_decoder(
            code_dim, (28, 28, 1), output_activation="linear"
        ),
        seed=0,
    )
    model.compile(keras.optimizers.SGD(RATE), run_eagerly=True)
    draws = draw_normal(
        (count, code_dim), twin_of(model.sampling.seed_generator)
    )
    modules = {
        "encoder": peers.vae_encoder(code_dim),
        "decoder": peers.vae_decoder(code_dim),
    }
    ours = our_step(model, modules, (images(count, 20, (28, 28, 1)),))
    modules = copy.deepcopy(ours.before)
    peer = peers.VariationalAutoencoder(
        *modules.values(), descent(*modules.values())
    )
    peer.draw_noise = lambda mean: torch.from_numpy(draws.numpy()).double()
    check_step(ours, modules, peer)


def twin_of(seed_generator):
    """One that will draw the same numbers."""
    twin = keras.random.SeedGenerator(0)
    twin.state.assign(seed_generator.state)
    return twin
