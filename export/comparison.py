"""How far the answers of a file are from those of its network, in figures."""

import numpy as np

from keras_gans import metrics
from keras_gans.data import pixels

# Keeps the PSNR of two equal outputs finite: 206 dB.
_SMALLEST_SQUARED_ERROR = 1e-20
_PEAK = 2.0  # In units of their scale, outputs lie in [-1, 1].


def compare(answers, outputs, scale, are_images=True):
    """Compares what a file answers with what Keras does.

    Args:
        answers: Array `(n, ...)`. If it is uint8, it holds pixels, and is
            compared with what Keras's images are as pixels.
        outputs: float32 or float64 array `(n, ...)`.
        scale: Float > 0, the unit of the differences and of the PSNR.
        are_images: Boolean, whether these are images: they have an SSIM.

    Returns:
        Dict of figures: `finite` and `same_shape` and, if both hold,
        `max_difference`, `mean_difference`, `psnr_db` and `ssim` of the worst
        output, `output_min` and `output_max`.
    """
    finite = bool(np.isfinite(answers).all())
    same_shape = answers.shape == outputs.shape
    figures = {"finite": finite, "same_shape": same_shape}
    if not (finite and same_shape):
        return figures
    if answers.dtype == np.uint8:
        answers = pixels.to_float(answers)
        outputs = pixels.to_float(pixels.to_uint8(outputs))
    differences = np.abs(answers.astype("float64") - outputs) / scale
    errors = np.mean(differences**2, axis=tuple(range(1, answers.ndim)))
    worst = max(float(errors.max()), _SMALLEST_SQUARED_ERROR)
    figures |= {
        "max_difference": float(differences.max()),
        "mean_difference": float(differences.mean()),
        "psnr_db": float(10.0 * np.log10(_PEAK**2 / worst)),
        "output_min": float(answers.min()),
        "output_max": float(answers.max()),
    }
    if are_images:
        similarities = [
            metrics.structural_similarity(
                np.float32(a[None]), np.float32(b[None])
            )
            for a, b in zip(answers, outputs)
        ]
        figures["ssim"] = float(np.min(similarities))
    return figures


def worst(figures):
    """Joins figures of several comparisons to those of the worst.

    Args:
        figures: List of dicts of `compare`, not empty.

    Returns:
        A dict of the same names.
    """
    by_name = {
        "finite": all,
        "same_shape": all,
        "max_difference": max,
        "mean_difference": max,
        "psnr_db": min,
        "output_min": min,
        "output_max": max,
        "ssim": min,
    }
    return {
        name: join([x[name] for x in figures])
        for name, join in by_name.items()
        if all(name in x for x in figures)
    }
