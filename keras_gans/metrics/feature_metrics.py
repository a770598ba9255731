"""Metrics of sets of generated images, by features of the user's choice."""

from keras_gans.metrics.distances import mean_pairwise_distance
from keras_gans.metrics.feature_metric import CAPACITY, FeatureMetric
from keras_gans.metrics.feature_states import FeatureRows, Moments
from keras_gans.metrics.frechet_distance import frechet_distance_of_moments
from keras_gans.metrics.kernel_distance import kernel_distance, subsets_of
from keras_gans.metrics.neighborhoods import density_coverage, precision_recall


class FrechetDistance(FeatureMetric):
    """Squared Frechet distance, the "FID" if the features are Inception's.

    It sees noise, blur and lost modes, and does not see copies of training
    images. It falls as there are more images: compare equal numbers.

    Reference:

    - [Heusel et al., 2017, eq. 6](https://arxiv.org/abs/1706.08500)

    Args:
        features: `ImageFeatures`.
        name: String. Defaults to `"frechet_distance"`.
    """

    def __init__(self, features, name="frechet_distance"):
        super().__init__(
            features,
            name,
            {"frechet_distance": True},
            lambda metric, side: Moments(metric, features.dim, side),
        )

    def _compute(self, real, fake, seed):
        return [frechet_distance_of_moments(*real[1:], *fake[1:])]

    def _notes(self, real, fake):
        fewest = min(real[0], fake[0])
        if fewest > self.features.dim:
            return ()
        return (
            f"The covariance of {self.features.dim} features of {fewest} "
            "images is singular: the distance is too large.",
        )


class _RowsMetric(FeatureMetric):
    """Of the features themselves, as far as there is room for them."""

    def __init__(self, features, name, figures, capacity):
        if capacity < 2:
            raise ValueError(
                f"`capacity` must be >= 2. Received: capacity={capacity}."
            )
        super().__init__(
            features,
            name,
            figures,
            lambda metric, side: FeatureRows(
                metric, features.dim, side, capacity
            ),
        )

    def _used(self, state):
        return len(state[1])

    def _notes(self, real, fake):
        return tuple(
            f"Only the first {len(rows)} of {count} {side} images are used."
            for side, (count, rows) in (("real", real), ("fake", fake))
            if count > len(rows)
        )


class KernelDistance(_RowsMetric):
    """Kernel distance, the "KID" if the features are Inception's.

    It sees what a Frechet distance sees, needs no normal distribution, and has
    no bias: of few images it is uncertain, but right on average.

    Reference:

    - [Binkowski et al., 2018, section 4](https://arxiv.org/abs/1801.01401)

    Args:
        features: `ImageFeatures`.
        subset_size: Integer >= 2, at most as many as there are images.
            Defaults to 1000.
        num_subsets: Integer >= 1. Defaults to 100.
        capacity: Integer, how many images of either kind there is room for;
            others are not used, which a note says. Defaults to 10,000.
        name: String. Defaults to `"kernel_distance"`.
    """

    def __init__(
        self,
        features,
        subset_size=1000,
        num_subsets=100,
        capacity=CAPACITY,
        name="kernel_distance",
    ):
        super().__init__(features, name, {"kernel_distance": True}, capacity)
        self.subset_size = subset_size
        self.num_subsets = num_subsets

    def _compute(self, real, fake, seed):
        mean, _ = kernel_distance(
            real[1], fake[1], self.subset_size, self.num_subsets, seed
        )
        return [mean]

    def _settings(self, name, num_real, num_fake):
        subset_size, num_subsets = subsets_of(
            num_real, num_fake, self.subset_size, self.num_subsets
        )
        return {"subset_size": subset_size, "num_subsets": num_subsets}


class PrecisionRecall(_RowsMetric):
    """How good fakes are, and how much of the real images they cover.

    Precision and density fall with noise and blur, recall and coverage with
    lost modes; copies of training images please all four.

    Reference:

    - [Kynkaanniemi et al., 2019](https://arxiv.org/abs/1904.06991), precision
      and recall
    - [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), density and
      coverage

    Args:
        features: `ImageFeatures`.
        num_neighbors: Integer >= 1, for precision and recall. Defaults to 3.
        num_density_neighbors: Integer >= 1, for density and coverage. Defaults
            to 5.
        capacity: As for `KernelDistance`.
        name: String. Defaults to `"precision_recall"`.
    """

    def __init__(
        self,
        features,
        num_neighbors=3,
        num_density_neighbors=5,
        capacity=CAPACITY,
        name="precision_recall",
    ):
        figures = ("precision", "recall", "density", "coverage")
        super().__init__(
            features, name, dict.fromkeys(figures, False), capacity
        )
        self.num_neighbors = num_neighbors
        self.num_density_neighbors = num_density_neighbors

    def _compute(self, real, fake, seed):
        rows = real[1], fake[1]
        return [
            *precision_recall(*rows, self.num_neighbors),
            *density_coverage(*rows, self.num_density_neighbors),
        ]

    def _settings(self, name, num_real, num_fake):
        if name in ("precision", "recall"):
            return {"num_neighbors": self.num_neighbors}
        return {"num_neighbors": self.num_density_neighbors}


class Diversity(_RowsMetric):
    """How much fakes differ: the mean distance between two of them.

    A root-mean-square difference of features (`mean_pairwise_distance`). It
    sees collapse, but takes noise for variety: a set is as it should be if it
    is as diverse as the real images, whose figure a note says.

    Args:
        features: `ImageFeatures`.
        capacity: As for `KernelDistance`.
        name: String. Defaults to `"diversity"`.
    """

    def __init__(self, features, capacity=CAPACITY, name="diversity"):
        super().__init__(features, name, {"diversity": False}, capacity)

    def _compute(self, real, fake, seed):
        return [mean_pairwise_distance(fake[1])]

    def _notes(self, real, fake):
        own = mean_pairwise_distance(real[1])
        return (
            f"The real images' own diversity is {own:.4g}.",
            *super()._notes(real, fake),
        )
