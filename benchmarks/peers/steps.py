"""Training steps of the papers in PyTorch, as their authors order them.

Every model has a method `step` from a batch to its losses, detached tensors by
name. Images are `(batch, channels, height, width)` in [-1, 1].

What a user of PyTorch can do at no cost is done: gradients are set to `None`,
not to zero; a discriminator takes no gradients in the generator's turn; fakes
that it learns from are detached; optimizers are given, so that they can be
fused ones. `autocast=True` runs forward passes and losses in bfloat16 where
PyTorch finds that safe; weights and gradients stay float32.
"""

import random

import torch
from torch.nn import functional as F


class ImagePool:
    """Answers with past fakes half of the time (Shrivastava et al., 2017).

    Args:
        size: Integer >= 0, number of images kept.
        choose_slot: Function without arguments that a full pool asks for each
            image: the place of the stored image to swap it for, or `None` to
            pass the new one on. Defaults to a fair coin and a fair die.
    """

    def __init__(self, size=50, choose_slot=None):
        self.size = size
        self.images = []
        self._choose_slot = choose_slot or self._draw_slot

    def query(self, images):
        """Returns as many images, new or old, without gradients."""
        if self.size == 0:
            return images.detach()
        return torch.cat([self._swap(x) for x in images.detach().split(1)])

    def _swap(self, image):
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        slot = self._choose_slot()
        if slot is None:
            return image
        past_image, self.images[slot] = self.images[slot], image
        return past_image

    def _draw_slot(self):
        if random.random() < 0.5:
            return None
        return random.randrange(self.size)


class CycleGAN:
    """One backward pass for both generators, then one for both discriminators.

    Reference:

    - [Zhu et al., 2017](https://arxiv.org/abs/1703.10593)

    Args:
        generators: Pair of modules, from domain a to b and back.
        discriminators: Pair of modules, of domain a and of domain b.
        generator_optimizer: Of both generators.
        discriminator_optimizer: Of both discriminators.
        pools: Pair of `ImagePool`, of domain a and of domain b.
        autocast: Boolean.
    """

    lambda_cycle = 10.0
    lambda_identity = 0.5
    discriminator_loss_weight = 0.5

    def __init__(
        self,
        generators,
        discriminators,
        generator_optimizer,
        discriminator_optimizer,
        pools,
        autocast=False,
    ):
        self.generator_ab, self.generator_ba = generators
        self.discriminator_a, self.discriminator_b = discriminators
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.pool_a, self.pool_b = pools
        self.autocast = autocast

    def step(self, real_a, real_b):
        _require_gradients(False, self.discriminator_a, self.discriminator_b)
        with _autocast(self.autocast):
            fake_b = self.generator_ab(real_a)
            fake_a = self.generator_ba(real_b)
            generator_loss, logs = self.generators_objective(
                real_a, real_b, fake_a, fake_b
            )
        _descend(self.generator_optimizer, generator_loss)
        _require_gradients(True, self.discriminator_a, self.discriminator_b)
        fake_a = self.pool_a.query(fake_a)
        fake_b = self.pool_b.query(fake_b)
        with _autocast(self.autocast):
            discriminator_loss = self.discriminator_loss_weight * (
                self._discriminator_loss(self.discriminator_a, real_a, fake_a)
                + self._discriminator_loss(self.discriminator_b, real_b, fake_b)
            )
        _descend(self.discriminator_optimizer, discriminator_loss)
        return {
            "generator_loss": generator_loss.detach(),
            "discriminator_loss": discriminator_loss.detach(),
            **logs,
        }

    def generators_objective(self, real_a, real_b, fake_a, fake_b):
        """Returns eq. 3 with the identity terms of section 5.2, and logs."""
        cycle_loss = self.cycle_loss(real_a, real_b, fake_a, fake_b)
        identity_loss = F.l1_loss(
            self.generator_ba(real_a), real_a
        ) + F.l1_loss(self.generator_ab(real_b), real_b)
        loss = (
            _least_squares(self.discriminator_a(fake_a), 1.0)
            + _least_squares(self.discriminator_b(fake_b), 1.0)
            + self.lambda_cycle * cycle_loss
            + self.lambda_cycle * self.lambda_identity * identity_loss
        )
        return loss, {
            "cycle_loss": cycle_loss.detach() / 2,
            "identity_loss": identity_loss.detach() / 2,
        }

    def cycle_loss(self, real_a, real_b, fake_a, fake_b):
        """Returns the terms of eq. 2; each reaches both generators."""
        return F.l1_loss(self.generator_ba(fake_b), real_a) + F.l1_loss(
            self.generator_ab(fake_a), real_b
        )

    def _discriminator_loss(self, discriminator, real_images, fake_images):
        return _least_squares(discriminator(real_images), 1.0) + _least_squares(
            discriminator(fake_images), 0.0
        )


class Pix2Pix:
    """The discriminator first, then the generator through the updated one.

    Reference:

    - [Isola et al., 2017](https://arxiv.org/abs/1611.07004)

    Args:
        generator: Module from input images to target images.
        discriminator: Module from both, as channels of one, to logits.
        generator_optimizer: Of the generator.
        discriminator_optimizer: Of the discriminator.
        autocast: Boolean.
    """

    lambda_l1 = 100.0
    discriminator_loss_weight = 0.5

    def __init__(
        self,
        generator,
        discriminator,
        generator_optimizer,
        discriminator_optimizer,
        autocast=False,
    ):
        self.generator = generator
        self.discriminator = discriminator
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.autocast = autocast

    def step(self, input_images, target_images):
        with _autocast(self.autocast):
            fake_images = self.generator(input_images)
        _require_gradients(True, self.discriminator)
        with _autocast(self.autocast):
            real_logits = self._judge(input_images, target_images)
            fake_logits = self._judge(input_images, fake_images.detach())
            discriminator_loss = self.discriminator_loss_weight * (
                _cross_entropy(real_logits, 1.0)
                + _cross_entropy(fake_logits, 0.0)
            )
        _descend(self.discriminator_optimizer, discriminator_loss)
        _require_gradients(False, self.discriminator)
        with _autocast(self.autocast):
            l1_loss = F.l1_loss(fake_images, target_images)
            generator_loss = (
                _cross_entropy(self._judge(input_images, fake_images), 1.0)
                + self.lambda_l1 * l1_loss
            )
        _descend(self.generator_optimizer, generator_loss)
        return {
            "generator_loss": generator_loss.detach(),
            "discriminator_loss": discriminator_loss.detach(),
            "l1_loss": l1_loss.detach(),
        }

    def _judge(self, input_images, images):
        return self.discriminator(torch.cat([input_images, images], dim=1))


class DCGAN:
    """The discriminator on real images and on fakes, then the generator.

    Reference:

    - [Radford et al., 2016](https://arxiv.org/abs/1511.06434)

    Args:
        generator: Module from noise `(batch, latent_dim, 1, 1)` to images.
        discriminator: Module from images to logits.
        generator_optimizer: Of the generator.
        discriminator_optimizer: Of the discriminator.
        latent_dim: Integer.
        autocast: Boolean.
    """

    def __init__(
        self,
        generator,
        discriminator,
        generator_optimizer,
        discriminator_optimizer,
        latent_dim=100,
        autocast=False,
    ):
        self.generator = generator
        self.discriminator = discriminator
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.latent_dim = latent_dim
        self.autocast = autocast

    def step(self, real_images):
        latents = self.draw_latents(len(real_images))
        with _autocast(self.autocast):
            fake_images = self.generator(latents)
        _require_gradients(True, self.discriminator)
        with _autocast(self.autocast):
            # Two calls: batch normalisation sees each kind by itself.
            discriminator_loss = _cross_entropy(
                self.discriminator(real_images), 1.0
            ) + _cross_entropy(self.discriminator(fake_images.detach()), 0.0)
        _descend(self.discriminator_optimizer, discriminator_loss)
        _require_gradients(False, self.discriminator)
        with _autocast(self.autocast):
            generator_loss = _cross_entropy(
                self.discriminator(fake_images), 1.0
            )
        _descend(self.generator_optimizer, generator_loss)
        return {
            "generator_loss": generator_loss.detach(),
            "discriminator_loss": discriminator_loss.detach(),
        }

    def draw_latents(self, num_images):
        """Draws standard normal noise."""
        return torch.randn(num_images, self.latent_dim, 1, 1)


class VariationalAutoencoder:
    """The evidence lower bound of pixels that are black or white.

    Reference:

    - [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114)

    Args:
        encoder: Module from images to mean and logarithm of the variance.
        decoder: Module from codes to logits.
        optimizer: Of both.
        autocast: Boolean.
    """

    def __init__(self, encoder, decoder, optimizer, autocast=False):
        self.encoder = encoder
        self.decoder = decoder
        self.optimizer = optimizer
        self.autocast = autocast

    def step(self, images):
        with _autocast(self.autocast):
            mean, log_variance = self.encoder(images)
            # In the precision of the codes.
            noise = self.draw_noise(mean)
            codes = mean + torch.exp(0.5 * log_variance) * noise
            logits = self.decoder(codes)
            reconstruction_loss = F.binary_cross_entropy_with_logits(
                logits, 0.5 * (images + 1.0), reduction="sum"
            ) / len(images)
            kl = mean.square() + log_variance.exp() - log_variance - 1.0
            kl_loss = 0.5 * kl.sum() / len(images)
            loss = reconstruction_loss + kl_loss
        _descend(self.optimizer, loss)
        return {
            "loss": loss.detach(),
            "reconstruction_loss": reconstruction_loss.detach(),
            "kl_loss": kl_loss.detach(),
        }

    def draw_noise(self, mean):
        """Draws standard normal noise, as much as there is of `mean`."""
        return torch.randn_like(mean)


def _autocast(enabled):
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled)


def _require_gradients(required, *modules):
    for module in modules:
        module.requires_grad_(required)


def _descend(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def _least_squares(logits, target):
    return F.mse_loss(logits, torch.full_like(logits, target))


def _cross_entropy(logits, target):
    return F.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, target)
    )
