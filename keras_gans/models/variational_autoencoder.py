"""The variational autoencoder (Kingma & Welling, 2014)."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_gans.layers import GaussianSampling
from keras_gans.losses import (
    bernoulli_negative_log_likelihood,
    gaussian_negative_log_likelihood,
    kl_to_standard_normal,
)
from keras_gans.models.autoencoding import AutoencodingModel
from keras_gans.models.base import at_least_float32
from keras_gans.noise import draw_normal

LIKELIHOODS = ("bernoulli", "gaussian")


@keras.saving.register_keras_serializable(package="keras_gans")
class VariationalAutoencoder(AutoencodingModel):
    """Learns a code that can be sampled: its prior is standard normal.

    The encoder answers with a normal distribution q(z|x), the decoder with a
    distribution p(x|z) of images. Both raise the evidence lower bound

        ELBO = E_q log p(x|z) - KL(q(z|x) || p(z)) <= log p(x)    (eq. 3)

    with one sample of z for each image, and the divergence in closed form.
    Pixels and numbers of the code are summed over, never averaged, and images
    averaged: all terms are nats per image.

    With `"bernoulli"` the decoder answers with logits; grey pixels in [0, 1]
    count as black and white mixed. With `"gaussian"` it answers with the means
    of the pixels in [-1, 1], whose `variance` is fixed.

    Logs beside those of all autoencoders: `kl_loss` and `elbo`, both as above,
    whatever the weights in `loss` are; `reconstruction_loss` is `-log p(x|z)`.
    `evaluate` samples too, with the same noise at each call, but `mse`, `psnr`
    and `ssim` are then of what `predict` gives, which decodes the means; and
    its `loss` is the one after the warm-up.

    Train it by `compile` and `fit` on batches of images `(batch, height,
    width, channels)`, float32 in [-1, 1], without labels.

    Reference:

    - [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114)

    Args:
        encoder: Built model from images to a dictionary of `mean` and
            `log_variance`, such as `build_dense_encoder(...,
            variational=True)`.
        decoder: Built model from codes to logits or means of the pixels.
        likelihood: `"bernoulli"` or `"gaussian"`. Defaults to `"bernoulli"`.
        variance: Float > 0, of the `"gaussian"` likelihood, in squared units of
            the pixels in [-1, 1]. Defaults to 1.
        seed: Integer or `None`, seeds the samples of training.
        **kwargs: Base model keyword arguments (e.g. `name`).

    Raises:
        ValueError: If the networks' outputs or shapes do not fit, or an
            argument is out of range.
    """

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        variance=1.0,
        seed=None,
        **kwargs,
    ):
        _check_posterior(encoder)
        if likelihood not in LIKELIHOODS:
            raise ValueError(
                f"`likelihood` must be one of {list(LIKELIHOODS)}. "
                f"Received: likelihood={likelihood!r}."
            )
        if not 0 < variance < float("inf"):
            raise ValueError(
                f"`variance` must be > 0. Received: variance={variance}."
            )
        super().__init__(encoder, decoder, ("kl_loss", "elbo"), **kwargs)
        self.likelihood = likelihood
        self.variance = variance
        self.seed = seed
        self.sampling = GaussianSampling(seed, dtype=keras.config.floatx())

    def compile(
        self,
        optimizer=None,
        beta=1.0,
        free_bits=0.0,
        kl_warmup_steps=0,
        **kwargs,
    ):
        """Sets the optimizer and the weight of the divergence.

        The loss that is minimised is

            reconstruction_loss + weight * sum_j max(free_bits, KL_j)

        with the mean over the batch of the divergence of each number j of the
        code, and a weight that grows evenly from 0 at the first step to `beta`
        after `kl_warmup_steps`. The defaults are the plain ELBO.

        Args:
            optimizer: `keras.optimizers.Optimizer`, its name or config.
                Defaults to Adam with a learning rate of 1e-3.
            beta: Float >= 0, weight of the divergence (Higgins et al., 2017).
            free_bits: Float >= 0, nats that each number of the code may carry
                for nothing (Kingma et al., 2016,
                https://arxiv.org/abs/1606.04934).
            kl_warmup_steps: Integer >= 0 (Bowman et al., 2016,
                https://arxiv.org/abs/1511.06349). It counts the steps of the
                optimizer, so a resumed training goes on with it.
            **kwargs: `accumulate_steps`, as of `BaseModel.compile`, and those
                of `keras.Model.compile`, such as `jit_compile`; no losses and
                no metrics.

        Raises:
            ValueError: If an argument is out of range.
        """
        for name, value in (("beta", beta), ("free_bits", free_bits)):
            if not 0 <= value < float("inf"):
                raise ValueError(
                    f"`{name}` must be >= 0. Received: {name}={value}."
                )
        if not isinstance(kl_warmup_steps, int) or kl_warmup_steps < 0:
            raise ValueError(
                "`kl_warmup_steps` must be an integer >= 0. Received: "
                f"kl_warmup_steps={kl_warmup_steps!r}."
            )
        super().compile(optimizer, **kwargs)
        self.beta = beta
        self.free_bits = free_bits
        self.kl_warmup_steps = kl_warmup_steps

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {
            **config,
            "beta": self.beta,
            "free_bits": self.free_bits,
            "kl_warmup_steps": self.kl_warmup_steps,
        }

    def export_networks(self):
        """Returns the encoder to the means, and the decoder to images."""
        return {
            "encoder": keras.Model(
                self.encoder.input,
                self._code(self.encoder.output),
                name="encoder",
            ),
            "decoder": keras.Model(
                self.decoder.input,
                self._images(self.decoder.output),
                name="decoder",
            ),
        }

    def sample(self, num_images, seed=None):
        """Decodes codes that are drawn from the prior.

        Args:
            num_images: Integer >= 1.
            seed: Integer for the same images at each call, or `None` for the
                next noise of the model.

        Returns:
            A NumPy array `(num_images, height, width, channels)` in [-1, 1]:
            the means of the pixels, not black and white draws of them.

        Raises:
            ValueError: If `num_images` is out of range.
        """
        if num_images < 1:
            raise ValueError(
                "`num_images` must be an integer >= 1. Received: "
                f"num_images={num_images}."
            )
        seed = self.sampling.seed_generator if seed is None else seed
        shape = (num_images, *self._code(self.encoder.output).shape[1:])
        return self.decode(ops.convert_to_numpy(draw_normal(shape, seed)))

    def negative_log_likelihood(
        self, images, num_samples=200, seed=0, batch_size=128
    ):
        """Estimates `-log p(x)` of each image by importance sampling.

        With K samples z_k of q(z|x), that is (Burda et al., eq. 8)

            -log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)

        an upper bound, on average, that falls with K; K = 1 is the negative
        ELBO. Papers give K, up to 5,000: figures of different K do not compare,
        nor do those of grey and of binary images.

        Reference:

        - [Burda et al., 2016](https://arxiv.org/abs/1509.00519)

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1].
            num_samples: Integer >= 1, K. Defaults to 200.
            seed: Integer; the same one gives the same estimate.
            batch_size: Integer >= 1.

        Returns:
            A float32 NumPy array `(n,)`, in nats per image.

        Raises:
            ValueError: If `num_samples` is out of range.
        """
        if not isinstance(num_samples, int) or num_samples < 1:
            raise ValueError(
                "`num_samples` must be an integer >= 1. Received: "
                f"num_samples={num_samples!r}."
            )
        estimates = [
            self._log_evidence(
                self._unpack(
                    ops.convert_to_tensor(images[start : start + batch_size])
                ),
                tf.constant(num_samples),
                tf.constant([seed, start]),
            )
            for start in range(0, len(images), batch_size)
        ]
        return -np.concatenate(estimates)

    def kl_per_dimension(self, images):
        """Returns how much each number of the code tells of an image.

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1], or a
                data set of batches of them.

        Returns:
            A NumPy array of the shape of a code, >= 0: the divergence from the
            prior, averaged over the images, in nats.
        """
        posterior = self.encoder.predict(images, verbose=0)
        kl = kl_to_standard_normal(posterior["mean"], posterior["log_variance"])
        return np.mean(kl, axis=0)

    def active_units(self, images, threshold=0.01):
        """Returns which numbers of the code depend on the image at all.

        Reference:

        - [Burda et al., 2016, section 5.2](https://arxiv.org/abs/1509.00519)

        Args:
            images: As of `kl_per_dimension`.
            threshold: Float > 0, of the variance of the posterior's mean over
                the images. Defaults to the paper's 0.01.

        Returns:
            A boolean NumPy array of the shape of a code; its sum is the
            number of active units.
        """
        return np.var(self.encode(images), axis=0) > threshold

    def _code(self, encoder_outputs):
        return encoder_outputs["mean"]

    def _images(self, decoder_outputs):
        if self.likelihood == "gaussian":
            return decoder_outputs
        # 2 sigmoid(logit) - 1, the mean of a pixel that is -1 or 1.
        return ops.tanh(0.5 * decoder_outputs)

    def _reconstruction_losses(self, images, outputs):
        """`-log p(x|z)` of each image."""
        outputs = at_least_float32(outputs)
        if self.likelihood == "bernoulli":
            return bernoulli_negative_log_likelihood(images, outputs)
        return gaussian_negative_log_likelihood(images, outputs, self.variance)

    def _objective(self, images, training):
        mean, log_variance = self._posterior(images, training)
        # A seed of its own: evaluation must not move the noise of training.
        codes = self.sampling(mean, log_variance, seed=None if training else 0)
        outputs = self.decoder(codes, training=training)
        reconstruction_loss = ops.mean(
            self._reconstruction_losses(images, outputs)
        )
        kl = ops.mean(kl_to_standard_normal(mean, log_variance), axis=0)
        kl_loss = ops.sum(kl)
        logs = {
            "reconstruction_loss": reconstruction_loss,
            "kl_loss": kl_loss,
            "elbo": -(reconstruction_loss + kl_loss),
        }
        if self.free_bits:
            kl_loss = ops.sum(ops.maximum(kl, self.free_bits))
        loss = reconstruction_loss + self._kl_weight(training) * kl_loss
        if not training:
            outputs = self.decoder(mean, training=False)
        return loss, logs, self._images(outputs)

    def _posterior(self, images, training):
        """Mean and log-variance of `q(z|x)`."""
        posterior = self.encoder(images, training=training)
        return tuple(
            at_least_float32(posterior[name])
            for name in ("mean", "log_variance")
        )

    def _kl_weight(self, training):
        if not training or not self.kl_warmup_steps:
            return self.beta
        steps = ops.cast(self.optimizer.iterations, "float32")
        return self.beta * ops.minimum(steps / self.kl_warmup_steps, 1.0)

    @tf.function(autograph=False, reduce_retracing=True)
    def _log_evidence(self, images, num_samples, seed):
        mean, log_variance = self._posterior(images, training=False)
        per_code = tuple(range(1, mean.ndim))

        def add_sample(i, total):
            draws = tf.random.stateless_normal(
                ops.shape(mean),
                tf.random.experimental.stateless_fold_in(seed, i),
            )
            codes = mean + ops.exp(0.5 * log_variance) * draws
            outputs = self.decoder(codes, training=False)
            # log p(z) - log q(z|x): two normal densities of one constant.
            log_ratio = 0.5 * ops.sum(
                ops.square(draws) + log_variance - ops.square(codes),
                axis=per_code,
            )
            log_weight = log_ratio - self._reconstruction_losses(
                images, outputs
            )
            return ops.logaddexp(total, log_weight)

        nothing = ops.full((ops.shape(images)[0],), -np.inf)
        total = ops.fori_loop(0, num_samples, add_sample, nothing)
        return total - ops.log(ops.cast(num_samples, "float32"))

    def get_config(self):
        return {
            **super().get_config(),
            "likelihood": self.likelihood,
            "variance": self.variance,
            "seed": self.seed,
        }


def _check_posterior(encoder):
    """Refuses encoders that do not answer with a normal distribution."""
    outputs = encoder.output
    if (
        not isinstance(outputs, dict)
        or set(outputs) != {"mean", "log_variance"}
        or outputs["mean"].shape != outputs["log_variance"].shape
    ):
        raise ValueError(
            "`encoder` must answer with a dictionary of `mean` and "
            "`log_variance`, of one shape; the builders do with "
            f"`variational=True`. Received: encoder with outputs {outputs}."
        )
