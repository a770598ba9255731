"""The lecture's pictures of a trained autoencoder, with what they show."""

import numpy as np

from keras_gans import data
from keras_gans.callbacks import draw_grid, draw_rows
from keras_gans.features import PrincipalComponents
from trainers import plots
from trainers.autoencoder_scores import NOISE_LEVELS, corrupt, fit_components
from trainers.report import Figure

_NUM_SAMPLES = 64
_NUM_COLUMNS = 10
_NUM_EXTREMES = 10
_NUM_PATHS = 5
# Deviations of a number of the code.
_SCALES = (0, 0.25, 0.5, 1, 2)
_FARTHEST = 3
# Dots of a plane, and pictures that deviations are taken of.
_MANY = 2000


class Album:
    """Draws pictures of a model into a folder, and keeps their captions.

    Args:
        folder: Path of the folder, made if need be.
        model: Trained autoencoder of this package.
        seed: Integer, of noise.

    Attributes:
        figures: List of `report.Figure`, in the order of drawing.
    """

    def __init__(self, folder, model, seed):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.model = model
        self.seed = seed
        self.figures = []

    def draw_denoising(self, images, corruption):
        """Draws images before and after denoising, at several levels."""
        rows = {"picture": images}
        for level in NOISE_LEVELS:
            corrupted = corrupt(images, corruption, level)
            rows[f"noise {level}"] = corrupted
            rows[f"restored {level}"] = self.model.reconstruct(corrupted)
        self._add(
            draw_rows(rows),
            "Denoising",
            "The same pictures under more and more noise, and restored.",
        )

    def draw_activations(self, images, target):
        """Draws how active the units of the code are."""
        plots.plot_activations(
            _flat(self.model.encode(images)),
            self._path("Activations"),
            target,
        )
        self._note(
            "Activations",
            "Left, how often units of the code take each value; right, how "
            "active each one is on average.",
        )

    def draw_plane(self, train_images, images, labels, class_names):
        """Draws codes in two dimensions, beside those of the pixels."""
        chosen = data.spread(len(images), _MANY)
        images = images[chosen]
        codes = _flat(self.model.encode(images))
        title = f"code of {codes.shape[1]}"
        if codes.shape[1] > 2:
            points = codes[:, None, None]
            codes = PrincipalComponents(2).fit(points).encode(points)
            title += ", its two principal components"
        panels = {
            title: codes,
            "two principal components of the pixels": (
                fit_components(train_images, 2).encode(images)
            ),
        }
        plots.plot_codes(
            panels,
            None if labels is None else labels[chosen],
            class_names,
            self._path("Codes in the plane"),
        )
        self._note(
            "Codes in the plane",
            "Each dot is a held-out picture, coloured by its class, which the "
            "model never saw.",
        )

    def draw_prior(self):
        """Draws what a variational model makes of codes from its prior."""
        images = self.model.sample(_NUM_SAMPLES, self.seed)
        self._add(
            draw_grid(images, 8),
            "Samples",
            "Decoded from noise: codes drawn from the standard normal prior.",
        )

    def draw_fitted_normal(self, images):
        """Draws what a model without a prior makes of likely codes."""
        codes = self.model.encode(images)
        noise = np.random.default_rng(self.seed).standard_normal(
            (_NUM_SAMPLES, *codes.shape[1:])
        )
        drawn = codes.mean(axis=0) + codes.std(axis=0) * noise
        self._add(
            draw_grid(self.model.decode(drawn.astype("float32")), 8),
            "Samples",
            "Decoded from noise: each number of the code drawn from a normal "
            "distribution of its mean and deviation. Nothing in this "
            "model's loss makes such codes mean anything; compare a "
            "variational one.",
        )

    def draw_perturbations(self, images):
        """Draws what noise in the code does to pictures."""
        rows = {
            f"noise {scale}": self.model.perturb(images, scale, self.seed)
            for scale in _SCALES
        }
        self._add(
            draw_rows(rows),
            "Noise in the code",
            "The same pictures, with noise added to their codes: in units of "
            "the deviation of each number of the code.",
        )

    def draw_interpolations(self, images):
        """Draws the ways between codes of pictures."""
        half = min(_NUM_PATHS, len(images) // 2)
        paths = self.model.interpolate(
            images[:half], images[half : 2 * half], _NUM_COLUMNS
        )
        self._add(
            draw_grid(np.concatenate(paths.swapaxes(0, 1)), _NUM_COLUMNS),
            "Interpolations",
            "From one held-out picture to another, along a straight line "
            "between their codes.",
        )

    def draw_traversals(self, images):
        """Draws what the liveliest numbers of the code mean."""
        codes = _flat(self.model.encode(images))
        means, deviations = codes.mean(axis=0), codes.std(axis=0)
        units = np.argsort(-deviations)[:_NUM_COLUMNS]
        steps = np.linspace(-_FARTHEST, _FARTHEST, _NUM_COLUMNS)
        rows = {
            f"number {unit}": self.model.traverse(
                images[:1], unit, means[unit] + deviations[unit] * steps
            )[:, 0]
            for unit in units
        }
        self._add(
            draw_rows(rows),
            "Traversals",
            "One picture, of whose code one number after the other is moved "
            f"from {_FARTHEST} deviations below its mean to {_FARTHEST} above.",
        )

    def draw_extremes(self, images):
        """Draws the pictures that are reconstructed best and worst."""
        order = np.argsort(self.model.reconstruction_errors(images))
        best, worst = order[:_NUM_EXTREMES], order[::-1][:_NUM_EXTREMES]
        rows = {}
        for name, chosen in (("least error", best), ("largest error", worst)):
            rows[name] = images[chosen]
            rows[f"{name}, out"] = self.model.reconstruct(images[chosen])
        self._add(
            draw_rows(rows),
            "Least and largest errors",
            "What a model has seldom seen it reconstructs badly: the error is "
            "a score of how odd a picture is.",
        )

    def _add(self, picture, title, caption):
        path = self._path(title)
        picture.save(path)
        self.figures.append(Figure(path, title, caption))

    def _note(self, title, caption):
        self.figures.append(Figure(self._path(title), title, caption))

    def _path(self, title):
        return self.folder / f"{title.lower().replace(' ', '_')}.png"


def _flat(codes):
    return codes.reshape(len(codes), -1)
