"""What a trained model is worth, as numbers with their protocol and in words.

Distances are means of absolute differences, in [-1, 1] units: 0 is equal and
2 is black for white.
"""

import dataclasses

import keras
import numpy as np

from keras_gans.metrics import (
    mean_over_images,
    peak_signal_to_noise_ratio,
    structural_similarity,
)
from trainers.plots import BALANCED


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Pictures to score with.

    Attributes:
        images_a: Float array `(n, height, width, channels)` in [-1, 1].
        images_b: The same, of domain b.
        are_pairs: Whether row i of both shows the same thing.
        split: `"test"`, or `"train"` where there are no test pictures.
    """

    images_a: np.ndarray
    images_b: np.ndarray
    are_pairs: bool
    split: str


def score_cyclegan(model, held_out):
    """Scores both directions of a CycleGAN.

    Args:
        model: `keras_gans.CycleGAN`.
        held_out: `HeldOut` pictures.

    Returns:
        A dictionary that JSON can hold, with the protocol beside the numbers:
        how far `a to b to a` is from `a`, and, where there are true pairs,
        how far translations are from the truth, and how far the untranslated
        inputs are.
    """
    images = {"a": held_out.images_a, "b": held_out.images_b}
    score = {
        "protocol": (
            "mean absolute difference in [-1, 1] units, "
            f"{len(images['a'])} pictures of a and {len(images['b'])} of b, "
            f"{held_out.split} split, last weights"
        ),
        "true_pairs": held_out.are_pairs,
    }
    for source, target in (("a", "b"), ("b", "a")):
        translated = _translate(model, images[source], source + target)
        back = _translate(model, translated, target + source)
        direction = f"{source} to {target}"
        score[direction] = {"cycle": _distance(images[source], back)}
        if held_out.are_pairs:
            truth = images[target]
            score[direction] |= {
                "translated": _distance(truth, translated),
                "unchanged": _distance(truth, _as(images[source], truth)),
            }
    return score


def sentences(score, history):
    """The score and the verdict as `(label, text)` lines for the screen."""
    lines = [("score", score["protocol"])]
    for direction in ("a to b", "b to a"):
        values = score[direction]
        text = f"{direction}: "
        if score["true_pairs"]:
            text += (
                f"{values['translated']:.3f} from the true counterpart, the "
                f"input unchanged {values['unchanged']:.3f}; "
            )
        lines.append(("", text + f"there and back {values['cycle']:.3f}"))
    return [*lines, ("verdict", verdict(score, history))]


def verdict(score, history):
    """Two sentences: is it better than nothing, and is the game balanced."""
    if score["true_pairs"]:
        values = score["a to b"]
        gain = 1 - values["translated"] / values["unchanged"]
        first = (
            f"Translations of a are {gain:.0%} closer to the truth than the "
            "input unchanged."
            if gain > 0
            else "Translations of a are no closer to the truth than the "
            "input unchanged: train longer, or look at the samples."
        )
    else:
        first = (
            "There are no true pairs to score with: look at the samples, and "
            f"at the way there and back ({score['a to b']['cycle']:.3f} and "
            f"{score['b to a']['cycle']:.3f})."
        )
    balance = _balance(history, "The discriminators answer", "translated")
    return f"{first} {balance}"


def score_pix2pix(model, input_images, target_images, mean_target, split):
    """Scores translations against their targets, beside two simple answers.

    Args:
        model: `keras_gans.Pix2Pix`.
        input_images: Float array `(n, height, width, channels)` in [-1, 1].
        target_images: The same, what the inputs should become.
        mean_target: Float array `(height, width, channels)`, the mean of the
            training targets.
        split: `"test"`, or `"train"` where there are no test pairs.

    Returns:
        A dictionary that JSON can hold, with the protocol beside L1, PSNR and
        SSIM of the translations, of the inputs themselves, and of the mean
        training target.
    """
    answers = {
        "translated": model.translate(input_images, seed=0),
        "unchanged": _as(input_images, target_images),
        "mean target": np.broadcast_to(mean_target, target_images.shape),
    }
    return {
        "protocol": (
            "means over pictures: L1 in [-1, 1] units, PSNR in dB, SSIM; "
            f"{len(input_images)} pairs, {split} split, last weights, "
            f"{_describe_noise(model)}, norms by {model.norm_mode}"
        ),
        **{
            name: {
                "l1": _distance(target_images, images),
                "psnr": mean_over_images(
                    peak_signal_to_noise_ratio, target_images, images
                ),
                "ssim": mean_over_images(
                    structural_similarity, target_images, images
                ),
            }
            for name, images in answers.items()
        },
    }


def _describe_noise(model):
    drops_out = any(
        isinstance(layer, keras.layers.Dropout)
        for layer in model.generator.layers
    )
    return "dropout on" if drops_out else "no dropout"


def pix2pix_sentences(score, history):
    """The score and the verdict as `(label, text)` lines for the screen."""
    lines = [("score", score["protocol"])]
    for name in ("translated", "unchanged", "mean target"):
        values = score[name]
        lines.append(
            (
                "",
                f"{name}: L1 {values['l1']:.3f}, PSNR {values['psnr']:.1f} dB, "
                f"SSIM {values['ssim']:.3f}",
            )
        )
    return [*lines, ("verdict", _pix2pix_verdict(score, history))]


def _pix2pix_verdict(score, history):
    translated = score["translated"]
    worse = [
        f"{measure.upper()} than {other}"
        for other, name in (
            ("the input unchanged", "unchanged"),
            ("the mean of all targets", "mean target"),
        )
        for measure, is_better in (
            ("l1", translated["l1"] < score[name]["l1"]),
            ("ssim", translated["ssim"] > score[name]["ssim"]),
        )
        if not is_better
    ]
    first = (
        f"Translations are no better by {', nor by '.join(worse)}: train "
        "longer, or look at the samples."
        if worse
        else "Translations are nearer to their targets than the input "
        "unchanged and than the mean of all targets, by L1 and by SSIM."
    )
    balance = _balance(history, "The discriminator answers", "translated")
    return f"{first} {balance}"


def score_latent(score, history, instruments):
    """Adds what the instruments saw to the score of a GAN.

    Args:
        score: Dictionary with `protocol`.
        history: List of dictionaries, one per epoch.
        instruments: List of `keras_gans.callbacks.Instrument`.

    Returns:
        A dictionary that JSON can hold: `score`, the last values of the
        figures that instruments have limits for, and the alarms of the last
        epoch.
    """
    figures = {
        name: history[-1][name]
        for instrument in instruments
        for name in instrument.limits
        if name in history[-1] and not name.endswith("_probability")
    }
    alarms = [instrument.diagnose(history) for instrument in instruments]
    return {
        **score,
        # What the score itself counts, on other noise, wins.
        **{name: figures[name] for name in figures if name not in score},
        "alarms": [sentence for sentence in alarms if sentence],
    }


def latent_sentences(score, history, has_probabilities):
    """The score and the verdict as `(label, text)` lines for the screen.

    Args:
        score: What `score_latent` returned.
        history: List of dictionaries, one per epoch.
        has_probabilities: Whether the discriminator's answers are any.
    """
    lines = [("score", score["protocol"])]
    for name, value in score.items():
        if name not in ("protocol", "alarms"):
            lines.append(("", f"{name.replace('_', ' ')}: {value:.3g}"))
    if score["alarms"]:
        return [*lines, *(("verdict", alarm) for alarm in score["alarms"])]
    verdict = "No alarms."
    if has_probabilities:
        balance = _balance(history, "The discriminator answers", "generated")
        verdict = f"{verdict} {balance}"
    return [*lines, ("verdict", verdict)]


def _balance(history, answers, fakes):
    last = history[-max(1, len(history) // 10) :]
    real = np.mean([row["real_probability"] for row in last])
    fake = np.mean([row["fake_probability"] for row in last])
    answers += f" {real:.2f} to real and {fake:.2f} to {fakes} pictures"
    low, high = BALANCED
    if low <= real <= high and low <= fake <= high:
        return f"{answers}: near 0.5, the game is balanced."
    if real > fake:
        return f"{answers}: still told apart, so there is more to learn."
    return f"{answers}: all track is lost; lower the learning rate."


def _translate(model, images, direction):
    return model.predict(images, batch_size=4, verbose=0, direction=direction)


def _distance(images, others):
    return float(np.mean(np.abs(images - others)))


def _as(images, others):
    """`images` with the channels of `others`, grey where they have fewer."""
    if images.shape[-1] == others.shape[-1]:
        return images
    grey = images.mean(axis=-1, keepdims=True)
    return np.repeat(grey, others.shape[-1], axis=-1)
