"""Pictures of a GAN in the plane: its points, and its judge's opinion."""

import matplotlib.backends.backend_agg as agg
import numpy as np
from keras import ops
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from PIL import Image

from keras_gans.callbacks.epoch_pictures import EpochPictures
from keras_gans.metrics import count_modes

_FIELD_SIZE = 128
# Within so many deviations, `count_modes` says that a point is of a mode.
_REACH = 3


class PointClouds(EpochPictures):
    """Saves pictures of a GAN that learns a mixture of Gaussians in 2-D.

    Behind the points is what the discriminator thinks of each place: blue for
    real, red for fake. The dashed line is where it cannot tell (0.5). Losses
    whose answers are no probabilities, such as a Wasserstein critic's, show
    the answers themselves and no line. Circles are around the true centres,
    with a radius of three deviations; `keras_gans.metrics.count_modes` counts
    those with a point in them. The frame of the picture stays, wherever the
    points go. Files are `epoch_NNN.png`; `epoch_000.png` is from before
    training.

    Args:
        mixture: Object with `centers`, a float array `(k, 2)`, and
            `deviation`, a float > 0.
        latents: Float array `(n, latent_dim)`, fixed noise; for instance from
            `model.draw_latents(n, seed=0)`.
        directory: Folder of the files, made if need be.
        every_epochs: Integer >= 1. Defaults to 1.
        summary_writer: `tf.summary` writer or `None`, for TensorBoard.
    """

    tag = "points"

    def __init__(
        self, mixture, latents, directory, every_epochs=1, summary_writer=None
    ):
        super().__init__(directory, every_epochs, summary_writer)
        self.mixture = mixture
        self.latents = np.asarray(latents)

    def draw(self):
        """Returns the picture as a `PIL.Image`."""
        points = self.model.predict(
            self.latents, batch_size=len(self.latents), verbose=0
        )
        figure = Figure(figsize=(7, 6.4))
        canvas = agg.FigureCanvasAgg(figure)  # No display, no global state.
        # Places are fixed, so that nothing jumps from epoch to epoch.
        axes = figure.add_axes([0.08, 0.06, 0.76, 0.83])
        bar_axes = figure.add_axes([0.86, 0.06, 0.025, 0.83])
        self._draw_field(axes, bar_axes)
        self._draw_circles(axes)
        axes.plot(*points.T, ".", color="black", markersize=4, alpha=0.6)
        low, high = self._corners()
        axes.set_xlim(low[0], high[0])
        axes.set_ylim(low[1], high[1])
        axes.set_title(self._title(points), loc="left")
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")

    def _corners(self):
        """Two corners of a square with the mixture in its middle."""
        centers = self.mixture.centers
        low, high = centers.min(axis=0), centers.max(axis=0)
        half = 0.7 * np.max(high - low) + 2 * _REACH * self.mixture.deviation
        return (low + high) / 2 - half, (low + high) / 2 + half

    def _draw_field(self, axes, bar_axes):
        x, y = np.linspace(*self._corners(), _FIELD_SIZE, dtype="float32").T
        places = np.stack(np.meshgrid(x, y), axis=-1)  # (y, x, 2)
        answers, are_probabilities = self._judge(places.reshape(-1, 2))
        answers = answers.reshape(_FIELD_SIZE, _FIELD_SIZE)
        label, levels = "probability of being real", np.linspace(0, 1, 21)
        if not are_probabilities:
            label, levels = "answer, up to a constant", 20
        field = axes.contourf(x, y, answers, levels, cmap="RdBu")
        # Only the paler part of the colours: points must stand out.
        low, high = field.levels[[0, -1]]
        field.set_clim(low - 0.3 * (high - low), high + 0.3 * (high - low))
        axes.figure.colorbar(field, bar_axes, label=label, ticks=MaxNLocator(5))
        if are_probabilities and answers.min() < 0.5 < answers.max():
            axes.contour(x, y, answers, [0.5], colors="0.3", linestyles="--")

    def _judge(self, places):
        """The discriminator's answers, and whether they are probabilities.

        What a loss may say about them is in `keras_gans.losses.adversarial`.
        """
        loss = self.model.discriminator_loss
        answers = self.model.discriminator(places, training=False)
        is_relative = getattr(loss, "is_relative", False)
        if not is_relative:
            answers = getattr(loss, "probability", ops.sigmoid)(answers)
        return ops.convert_to_numpy(answers), not is_relative

    def _draw_circles(self, axes):
        radius = _REACH * self.mixture.deviation
        for center in self.mixture.centers:
            for color, width in (("white", 4), ("black", 1.5)):
                axes.add_patch(
                    Circle(
                        center, radius, fill=False, color=color, linewidth=width
                    )
                )

    def _title(self, points):
        centers = self.mixture.centers
        num_found, good_share = count_modes(
            points, centers, self.mixture.deviation
        )
        low, high = self._corners()
        is_visible = np.all((low < points) & (points < high), axis=1)
        return (
            f"Epoch {self.epoch}: {num_found} of {len(centers)} modes found\n"
            f"Of {len(points)} points, {good_share * len(points):.0f} in a "
            f"circle, {np.sum(~is_visible)} outside of the picture"
        )
