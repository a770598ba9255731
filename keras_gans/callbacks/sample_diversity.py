"""Do the samples differ from each other as real images do?"""

import numpy as np

from keras_gans.callbacks import instrument
from keras_gans.metrics import mean_pairwise_distance


class SampleDiversity(instrument.Instrument):
    """Tells when a generator draws one picture over and over.

    The figure `sample_diversity` is the mean distance between samples of a
    fixed noise batch, divided by that between as many real images; 1 is as
    diverse as they are. With labels, only images of one label are compared,
    so that a conditional generator cannot hide behind its labels that it
    ignores the noise.

    An alarm comes below 0.5 in three epochs on end, if the figure was higher
    before, or after the tenth epoch. A generator that draws few of many
    classes can be diverse enough: see `ClassCoverage`, and `ModeCoverage` for
    points.

    Reference:

    - [Goodfellow, 2016, section 5.1.1](https://arxiv.org/abs/1701.00160), on
      mode collapse

    Args:
        real_images: Array `(n, ...)` in the generator's range.
        labels: Integers `(n,)`; needed for conditional models, `None` for
            others.
        num_samples: Integer >= 2, how many are drawn. Defaults to 256, or
            all real images if they are fewer.
        report: Callable that gets the sentences of an alarm, or `None` to
            print them.
    """

    limits = {"sample_diversity": 0.5}

    def __init__(self, real_images, labels=None, num_samples=256, report=None):
        super().__init__(report)
        # Sets are often sorted by class.
        order = np.random.default_rng(instrument.SEED).permutation(
            len(real_images)
        )[:num_samples]
        self.num_samples = len(order)
        self.labels = None if labels is None else np.asarray(labels)[order]
        self.real_distance = mean_pairwise_distance(
            np.asarray(real_images)[order], self.labels
        )
        if self.real_distance == 0:
            raise ValueError(
                "`real_images` must differ from each other. "
                f"Received: {len(real_images)} equal images."
            )

    def measure(self):
        if self.labels is None:
            samples = self.model.sample(self.num_samples, seed=instrument.SEED)
        else:
            samples = self.model.sample(self.labels, seed=instrument.SEED)
        distance = mean_pairwise_distance(samples, self.labels)
        return {"sample_diversity": distance / self.real_distance}

    def diagnose(self, history):
        rows = instrument.rows_with(history, "sample_diversity")
        limit = self.limits["sample_diversity"]
        if not instrument.falls_short(rows, "sample_diversity", limit):
            return None
        diversity = rows[-1]["sample_diversity"]
        return (
            f"Samples differ from each other {diversity:.2f} times as much as "
            "real images do"
            f"{'' if self.labels is None else ' within a class'}. "
            "The generator has collapsed to few pictures (mode collapse). Let "
            "the discriminator compare images of a batch (minibatch standard "
            "deviation), add a gradient penalty such as r1, take another loss "
            "(wasserstein, relativistic), or lower the generator's learning "
            "rate."
        )
