"""The sparse autoencoder: few units of the code may speak at a time."""

import keras
from keras import ops

from keras_gans.losses import kl_sparsity, l1_sparsity, squared_error
from keras_gans.models.autoencoding import AutoencodingModel, check_range

PENALTIES = ("kl", "l1")

_LOGS = ("sparsity_loss", "activity", "active_share")


@keras.saving.register_keras_serializable(package="keras_gans")
class SparseAutoencoder(AutoencodingModel):
    """Learns a code of many units of which each image needs but a few.

    With `"l1"` it minimises, over the N images of a batch,

        1/N sum (|x - decoder(encoder(x))|^2 + weight * |encoder(x)|_1)

    and with `"kl"` it holds the activity of each unit j, its mean over the
    batch, to a target rho:

        1/N sum |x - decoder(encoder(x))|^2 + weight * sum_j KL(rho || rho_j)

    Norms and sums are over all pixels and all units. Either penalty is a
    function of the code alone, so it reaches the encoder only. Batches must be
    large against 1 / rho for `"kl"`; under a strategy each replica measures
    the activity of its own part.

    The L1 penalty can be lowered by small codes and a decoder that magnifies
    them, without any sparsity: look at `active_share`, which does not depend
    on the scale.

    Beside the logs of all autoencoders: `sparsity_loss`, the penalty without
    its weight; `activity`, the mean absolute activation of a unit; and
    `active_share`, the share of the units of an image that are more than a
    tenth as active as its most active one.

    Train it by `compile` and `fit` on batches of images `(batch, height,
    width, channels)`, float32 in [-1, 1], without labels.

    Reference:

    - [Goodfellow et al., 2016, section 14.2.1](https://www.deeplearningbook.org/contents/autoencoders.html),
      L1
    - [Ng, 2011, section 3](https://web.stanford.edu/class/cs294a/sparseAutoencoder_2011new.pdf),
      KL

    Args:
        encoder: Built model from images to codes: for `"l1"` best with a ReLU
            at its end, for `"kl"` in [0, 1], with a sigmoid.
        decoder: Built model from codes to images in [-1, 1].
        **kwargs: Base model keyword arguments (e.g. `name`).

    Raises:
        ValueError: If the networks' shapes do not fit each other.
    """

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(encoder, decoder, _LOGS, **kwargs)

    def compile(
        self,
        optimizer=None,
        penalty="l1",
        penalty_weight=1.0,
        target_activity=0.05,
        **kwargs,
    ):
        """Sets the optimizer and the penalty.

        Args:
            optimizer: `keras.optimizers.Optimizer`, its name or config.
                Defaults to Adam with a learning rate of 1e-3.
            penalty: `"l1"` or `"kl"`. Defaults to `"l1"`.
            penalty_weight: Float >= 0. Defaults to 1. Ng's 3 goes with half of
                the squared error: it is 6 here.
            target_activity: Float in (0, 1), rho. Defaults to Ng's 0.05. Means
                nothing with `"l1"`.
            **kwargs: `accumulate_steps`, as of `BaseModel.compile`, and those
                of `keras.Model.compile`, such as `jit_compile`; no losses and
                no metrics.

        Raises:
            ValueError: If an argument is out of range.
        """
        if penalty not in PENALTIES:
            raise ValueError(
                f"`penalty` must be one of {list(PENALTIES)}. "
                f"Received: penalty={penalty!r}."
            )
        if not 0 <= penalty_weight < float("inf"):
            raise ValueError(
                "`penalty_weight` must be >= 0. Received: "
                f"penalty_weight={penalty_weight}."
            )
        if not 0 < target_activity < 1:
            raise ValueError(
                "`target_activity` must be in (0, 1). Received: "
                f"target_activity={target_activity}."
            )
        super().compile(optimizer, **kwargs)
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.target_activity = target_activity

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {
            **config,
            "penalty": self.penalty,
            "penalty_weight": self.penalty_weight,
            "target_activity": self.target_activity,
        }

    def _objective(self, images, training):
        codes = self.encoder(images, training=training)
        reconstructions = self.decoder(codes, training=training)
        codes = ops.cast(codes, images.dtype)
        reconstruction_loss = ops.mean(squared_error(images, reconstructions))
        sparsity_loss = self._sparsity_loss(codes)
        logs = {
            "reconstruction_loss": reconstruction_loss,
            "sparsity_loss": sparsity_loss,
            "activity": ops.mean(ops.abs(codes)),
            "active_share": _active_share(codes),
        }
        loss = reconstruction_loss + self.penalty_weight * sparsity_loss
        return loss, logs, reconstructions

    def _sparsity_loss(self, codes):
        if self.penalty == "l1":
            return ops.mean(l1_sparsity(codes))
        codes = check_range(
            codes,
            0.0,
            1.0,
            "Codes must be in [0, 1] for the KL penalty: end the encoder in a "
            "sigmoid.",
        )
        return ops.sum(kl_sparsity(codes, self.target_activity))


def _active_share(codes):
    activations = ops.abs(codes)
    units = tuple(range(1, codes.ndim))
    largest = ops.max(activations, axis=units, keepdims=True)
    return ops.mean(ops.cast(activations > 0.1 * largest, "float32"))
