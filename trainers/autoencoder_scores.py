"""What a trained autoencoder is worth, as numbers and in words.

Squared errors are summed over the pixels of a picture in [-1, 1], as in the
loss, and averaged over pictures.
"""

import numpy as np

from keras_gans.data import spread
from keras_gans.features import PrincipalComponents, trustworthiness
from keras_gans.metrics import (
    mean_over_images,
    peak_signal_to_noise_ratio,
    structural_similarity,
)
from trainers.environment import say

PROTOCOL = (
    "means over {count} pictures, {split} split, last weights: squared error "
    "summed over the pixels in [-1, 1], PSNR in dB, SSIM"
)
# Principal components of large pictures are taken of fewer.
_MANY_VALUES = 4096
_FEW_PICTURES = 2000
NOISE_LEVELS = (0.1, 0.2, 0.3, 0.5)
# Importance sampling decodes their product.
_NUM_LIKELIHOODS = 200
_NUM_IMPORTANCE_SAMPLES = 100
_EVALUATED = 100
_NUM_NEIGHBORS = 5
# Of its target, an activity may be off by so much.
_NEAR_TARGET = 0.2


def score_reconstructions(images, reconstructions):
    """Measures what is left of images.

    Args:
        images: Float array `(n, height, width, channels)` in [-1, 1].
        reconstructions: The same shape.

    Returns:
        A dictionary of `squared_error`, `mse`, `psnr` and `ssim`.
    """
    squared_errors = np.square(reconstructions - images, dtype="float64")
    return {
        "squared_error": float(squared_errors.sum(axis=(1, 2, 3)).mean()),
        "mse": float(squared_errors.mean()),
        "psnr": mean_over_images(
            peak_signal_to_noise_ratio, images, reconstructions
        ),
        "ssim": mean_over_images(
            structural_similarity, images, reconstructions
        ),
    }


def score_components(train_images, images, shown_images, code_dim):
    """Measures what as many principal components as a code has would leave.

    Of images of more than 4,096 values, those of 2,000 training images.

    Args:
        train_images: Float array `(n, height, width, channels)`.
        images: Held-out images of that shape.
        shown_images: What is projected in the place of `images`.
        code_dim: Integer.

    Returns:
        A dictionary with `principal_components`, as `score_reconstructions`
        returns it; an empty one where there are no so many components.
    """
    components = fit_components(train_images, code_dim)
    if components is None:
        return {}
    left = np.clip(components.reconstruct(shown_images), -1, 1)
    return {"principal_components": score_reconstructions(images, left)}


def score_neighbourhoods(train_images, images, codes):
    """Measures whether neighbours by their codes are neighbours as pictures.

    Args:
        train_images: Float array `(n, height, width, channels)`.
        images: Held-out images of that shape.
        codes: Their codes.

    Returns:
        A dictionary with `trustworthiness`, that of the codes and that of as
        many principal components; an empty one without scikit-learn, and for
        a few images.
    """
    if len(images) <= 2 * _NUM_NEIGHBORS:
        return {}
    components = fit_components(train_images, codes[0].size)
    try:
        kept = {"code": trustworthiness(images, codes, _NUM_NEIGHBORS)}
        if components is not None:
            kept["principal_components"] = trustworthiness(
                images, components.encode(images), _NUM_NEIGHBORS
            )
    except ImportError as error:
        say("note", f"neighbourhoods are not looked at. {error}")
        return {}
    return {"trustworthiness": kept}


def fit_components(train_images, code_dim):
    """Principal components of images, `None` if there are no so many."""
    num_values = train_images[0].size
    if num_values > _MANY_VALUES:
        train_images = train_images[spread(len(train_images), _FEW_PICTURES)]
    if code_dim > min(num_values, len(train_images)):
        return None
    return PrincipalComponents(code_dim).fit(train_images)


def score_denoising(model, images, corruption, own_level):
    """Measures how much PSNR a denoising autoencoder gains.

    Args:
        model: `keras_gans.DenoisingAutoencoder`.
        images: Clean float array `(n, height, width, channels)`.
        corruption: Class of `keras_gans.layers.Corruption`.
        own_level: Float, that of the training.

    Returns:
        A dictionary with `denoising`: for this level and some others, the PSNR
        of the corrupted and of the restored pictures.
    """
    gains = {}
    for level in sorted({own_level, *NOISE_LEVELS}):
        corrupted = corrupt(images, corruption, level)
        gains[str(level)] = {
            "corrupted_psnr": mean_over_images(
                peak_signal_to_noise_ratio, images, corrupted
            ),
            "restored_psnr": mean_over_images(
                peak_signal_to_noise_ratio, images, model.reconstruct(corrupted)
            ),
        }
    return {"denoising": gains}


def corrupt(images, corruption, level):
    """Corrupts images, in the same way at each call."""
    return np.asarray(corruption(level)(images, seed=0))


def score_sparsity(model, images):
    """Returns activity and share of active units, as the model logs them."""
    figures = _evaluate(model, images)
    return {name: figures[name] for name in ("activity", "active_share")}


def score_likelihood(model, images, seed):
    """Returns bound, divergence, likelihood and active units of a VAE."""
    few = images[spread(len(images), _NUM_LIKELIHOODS)]
    figures = _evaluate(model, images)
    return {
        "elbo": figures["elbo"],
        "kl_loss": figures["kl_loss"],
        "negative_log_likelihood": float(
            model.negative_log_likelihood(
                few, _NUM_IMPORTANCE_SAMPLES, seed=seed
            ).mean()
        ),
        "likelihood_protocol": (
            f"nats, {_NUM_IMPORTANCE_SAMPLES} importance samples of each of "
            f"{len(few)} pictures"
        ),
        "kl_per_dimension": [
            round(float(kl), 4) for kl in model.kl_per_dimension(images)
        ],
        "active_units": int(model.active_units(images).sum()),
    }


def sentences(score, verdict):
    """The score and the verdict as `(label, text)` lines for the screen.

    Args:
        score: Dictionary of what the functions above returned, with
            `protocol` and `alarms`.
        verdict: String.
    """
    lines = [("score", score["protocol"])]
    for name in ("reconstruction", "principal_components"):
        if name in score:
            values = score[name]
            lines.append(
                (
                    "",
                    f"{name.replace('_', ' ')}: squared error "
                    f"{values['squared_error']:.1f}, PSNR {values['psnr']:.1f} "
                    f"dB, SSIM {values['ssim']:.3f}",
                )
            )
    if "trustworthiness" in score:
        kept = ", ".join(
            f"{name.replace('_', ' ')} {value:.3f}"
            for name, value in score["trustworthiness"].items()
        )
        lines.append(("", f"neighbours kept (trustworthiness): {kept}"))
    for level, values in score.get("denoising", {}).items():
        before, after = values["corrupted_psnr"], values["restored_psnr"]
        lines.append(
            (
                "",
                f"noise {level}: PSNR from {before:.1f} to {after:.1f} dB "
                f"({after - before:+.1f})",
            )
        )
    if "activity" in score:
        lines.append(
            (
                "",
                f"activity of a unit {score['activity']:.4f}, active units of "
                f"a picture {score['active_share']:.1%}",
            )
        )
    if "elbo" in score:
        lines.append(
            (
                "",
                f"ELBO {score['elbo']:.1f} nats, of it divergence "
                f"{score['kl_loss']:.1f}; negative log-likelihood "
                f"{score['negative_log_likelihood']:.1f} "
                f"({score['likelihood_protocol']})",
            )
        )
    lines += [("verdict", alarm) for alarm in score["alarms"]]
    return [*lines, ("verdict", verdict)]


def compare_with_components(score, code_dim):
    """A sentence: what is lost, beside what principal components lose."""
    error = score["reconstruction"]["squared_error"]
    if "principal_components" not in score:
        return f"Reconstructions miss the pictures by {error:.1f}."
    other = score["principal_components"]["squared_error"]
    if error < other:
        return (
            f"Reconstructions miss the pictures by {error:.1f}, {code_dim} "
            f"principal components by {other:.1f}: {1 - error / other:.0%} "
            "less is lost."
        )
    return (
        f"Reconstructions miss the pictures by {error:.1f}, no less than "
        f"{code_dim} principal components ({other:.1f}): train longer, or give "
        "the networks more width."
    )


def describe_gain(score, level):
    """A sentence: what a denoising autoencoder does at its own noise."""
    values = score["denoising"][str(level)]
    before, after = values["corrupted_psnr"], values["restored_psnr"]
    if after <= before:
        return (
            f"At noise {level} the restored pictures have no better PSNR "
            f"({after:.1f} dB) than the corrupted ones ({before:.1f} dB): "
            "train longer, or on stronger noise."
        )
    return (
        f"At noise {level} PSNR rises by {after - before:.1f} dB, from "
        f"{before:.1f} to {after:.1f}."
    )


def describe_sparsity(score, target):
    """A sentence: how sparse the code is, and should be."""
    activity, share = score["activity"], score["active_share"]
    if target is None:
        return f"{share:.1%} of the units are active in a picture."
    sentence = f"A unit has an activity of {activity:.3f}, target {target:g}"
    if abs(activity - target) <= _NEAR_TARGET * target:
        return f"{sentence}."
    return f"{sentence}: give --penalty_weight a higher value."


def describe_code(score, code_dim):
    """A sentence: how much of the code of a VAE is used."""
    active = score["active_units"]
    sentence = (
        f"{active} of {code_dim} numbers of the code are in use, a picture "
        f"costs {-score['elbo']:.1f} nats at most."
    )
    if active == 0:
        return (
            f"{sentence} The posterior has collapsed: lower --beta, or give "
            "--kl_warmup_steps or --free_bits."
        )
    return sentence


def _evaluate(model, images):
    """Logs of `evaluate`, in batches of one size: Keras averages batches."""
    batch_size = min(len(images), _EVALUATED)
    whole = len(images) - len(images) % batch_size
    return model.evaluate(
        images[:whole], batch_size=batch_size, verbose=0, return_dict=True
    )
