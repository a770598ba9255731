"""Watches whether an autoencoder still learns what holds for new images."""

import numpy as np

from keras_gans.callbacks import instrument

# So many times the error of training images, that of others is another one.
_LARGEST_RATIO = 2.0


class Overfitting(instrument.Instrument):
    """Compares the reconstruction of held-out images with that of training.

    Its figure is `val_mse`, the mean squared error of a pixel in [-1, 1] on
    held-out images. While the model learns what is true of all such images it
    falls with `mse`; once it learns the training images by heart, `mse` falls
    alone. It speaks when `val_mse` is more than twice `mse` in three epochs on
    end.

    Args:
        images: Float array `(n, height, width, channels)` in [-1, 1], held
            out.
        corrupted_images: The same shape, what a denoising model is shown
            instead of `images`; or `None`.
        report: Callable that gets the sentence of an alarm. By default it is
            printed.

    Raises:
        ValueError: If there are no images, or the shapes differ.
    """

    def __init__(self, images, corrupted_images=None, report=None):
        super().__init__(report)
        self._images = np.asarray(images, "float32")
        self._shown = self._images
        if corrupted_images is not None:
            self._shown = np.asarray(corrupted_images, "float32")
        if not len(self._images) or self._shown.shape != self._images.shape:
            raise ValueError(
                "`images` must hold one image or more, `corrupted_images` as "
                f"many of their shape. Received: shapes {self._images.shape} "
                f"and {self._shown.shape}."
            )

    def measure(self):
        reconstructions = self.model.reconstruct(self._shown)
        squared_errors = np.square(reconstructions - self._images)
        return {"val_mse": float(np.mean(squared_errors))}

    def diagnose(self, history):
        rows = instrument.rows_with(history, "mse", "val_mse")
        recent = rows[-instrument.RECENT_EPOCHS :]
        if len(recent) < instrument.RECENT_EPOCHS or any(
            row["val_mse"] <= _LARGEST_RATIO * row["mse"] for row in recent
        ):
            return None
        best = min(rows, key=lambda row: row["val_mse"])
        return (
            "The squared error of a pixel is "
            f"{recent[-1]['val_mse']:.4f} on held-out images and "
            f"{recent[-1]['mse']:.4f} on training images, which the model "
            "learns by heart (overfitting). Give more pictures, a smaller "
            "code or network, or train to denoise; held-out images were at "
            f"their best after epoch {best['epoch']}."
        )
