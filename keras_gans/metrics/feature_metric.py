"""What all metrics of sets of images have in common."""

import abc

import keras
import numpy as np
import tensorflow as tf

from keras_gans.metrics.score import Protocol, Score

# The number of Inception's features: with fewer images a covariance of them is
# singular, and its error larger than the differences between good models.
FEW_IMAGES = 2048
# A state of 2048 numbers for each is 82 MB.
CAPACITY = 10_000


class FeatureMetric(keras.metrics.Metric, abc.ABC):
    """Abstract base: a metric of the features of real and of fake images.

    It may be fed in batches of any size, real and fake images together or
    apart, within the replicas of a strategy or outside of them: what counts is
    which images came, and for what is drawn or kept, in which order.

    `result` computes anew from all images, which takes seconds for thousands:
    ask it seldom. It is NaN as long as there is nothing to compute; `score`
    says why.

    Args:
        features: `ImageFeatures`.
        name: String.
        figures: Dictionary from the names of the figures to whether lower ones
            are better.
        make_state: Function from this metric and a name to a state, one of
            `keras_gans.metrics.feature_states`.
    """

    def __init__(self, features, name, figures, make_state):
        super().__init__(name=name)
        self.features = features
        self._figures = figures
        self._real = make_state(self, "real")
        self._fake = make_state(self, "fake")

    def update_state(self, real_images=None, fake_images=None):
        """Adds images.

        Args:
            real_images: Floats `(n, height, width, channels)` in [-1, 1], or
                `None`.
            fake_images: As `real_images`; another n is allowed.

        Raises:
            ValueError: If the images are of other kinds, or real and fake ones
                of different sizes.
        """
        if real_images is not None and fake_images is not None:
            require_same_shape(real_images, fake_images)
        self.update_features(
            *(
                None if images is None else self.features(images)
                for images in (real_images, fake_images)
            )
        )

    def update_features(self, real_features=None, fake_features=None):
        """Adds features that were computed already.

        Args:
            real_features: Floats `(n, dim)`, or `None`.
            fake_features: Floats `(m, dim)`, or `None`.

        Raises:
            ValueError: If they have another shape or, outside of graphs, are
                not finite.
        """
        for name, state, features in (
            ("real", self._real, real_features),
            ("fake", self._fake, fake_features),
        ):
            if features is not None:
                state.update(self._check(name, features))

    def result(self):
        """Returns a float32 scalar, or a dictionary of them by name."""
        real, fake = self._real.tensors(), self._fake.tensors()

        def compute(*arrays):
            try:
                values = self._compute(
                    self._real.read(*arrays[: len(real)]),
                    self._fake.read(*arrays[len(real) :]),
                    seed=0,
                )
            except (ValueError, np.linalg.LinAlgError):
                values = [np.nan] * len(self._figures)
            return np.asarray(values, "float32")

        values = tf.numpy_function(compute, [*real, *fake], "float32")
        values = tf.unstack(tf.ensure_shape(values, (len(self._figures),)))
        if len(values) == 1:
            return values[0]
        return dict(zip(self._figures, values))

    def score(self, split="", seed=0):
        """Returns the figures with their protocols.

        Args:
            split: String, which real images: a data set and its part.
            seed: Integer, of what is drawn: of subsets, where there are any;
                otherwise it is only noted down.

        Returns:
            A list of `Score`, one for each figure.

        Raises:
            ValueError: If there are too few images or features that are not
                finite.
        """
        real, fake = (
            state.read(*(tensor.numpy() for tensor in state.tensors()))
            for state in (self._real, self._fake)
        )
        for name, (_, *arrays) in (("real", real), ("fake", fake)):
            if not all(np.all(np.isfinite(array)) for array in arrays):
                raise ValueError(
                    f"The features of the {name} images must be finite. "
                    "Received: NaN or infinite ones."
                )
        values = self._compute(real, fake, seed)
        counts = [self._used(real), self._used(fake)]
        notes = self._notes(real, fake)
        if min(counts) < FEW_IMAGES:
            few = f"Fewer than {FEW_IMAGES} images: a figure of little weight."
            notes = (few, *notes)
        return [
            Score(
                name,
                float(value),
                Protocol(
                    num_real=counts[0],
                    num_fake=counts[1],
                    features=self.features.name,
                    features_hash=self.features.hash,
                    resizer=self.features.resizer,
                    split=split,
                    seed=seed,
                    **self._settings(name, *counts),
                ),
                lower_is_better,
                notes,
            )
            for value, (name, lower_is_better) in zip(
                values, self._figures.items()
            )
        ]

    @abc.abstractmethod
    def _compute(self, real, fake, seed):
        """Returns one float for each figure, of what the states read."""

    def _used(self, state):
        """How many images the figures are of."""
        return state[0]

    def _settings(self, name, num_real, num_fake):
        """What else the protocol of the figure `name` says."""
        return {}

    def _notes(self, real, fake):
        """Sentences about these figures, a tuple."""
        return ()

    def _check(self, name, features):
        features = tf.convert_to_tensor(features)
        if features.shape.rank != 2 or features.shape[1] != self.features.dim:
            raise ValueError(
                f"`{name}_features` must be of shape (n, {self.features.dim}). "
                f"Received: shape {tuple(features.shape)}."
            )
        features = tf.cast(features, "float32")
        if tf.executing_eagerly():
            num_bad = np.count_nonzero(~np.isfinite(features.numpy()))
            if num_bad:
                raise ValueError(
                    f"`{name}_features` must be finite. Received: {num_bad} of "
                    f"{tf.size(features)} values are NaN or infinite."
                )
        return features


def require_same_shape(real_images, fake_images):
    """Refuses real and fake images of different sizes or channels."""
    shapes = [tuple(images.shape) for images in (real_images, fake_images)]
    if shapes[0][1:] != shapes[1][1:]:
        raise ValueError(
            "`real_images` and `fake_images` must have one height, width and "
            f"number of channels. Received: shapes {shapes[0]} and "
            f"{shapes[1]}. Resize the larger ones first."
        )
