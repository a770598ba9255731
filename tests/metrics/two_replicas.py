"""python -m tests.metrics.two_replicas: two replicas' metrics against one.

A process of its own: logical devices must be set before TensorFlow starts.
"""

import numpy as np
import tensorflow as tf

from keras_gans.metrics import (
    Diversity,
    FrechetDistance,
    KernelDistance,
    PrecisionRecall,
    StructuralSimilarity,
)
from tests.metrics.rows_as_images import features, images_of
from tests.models import replica_cases

# Batches of 8 leave 5 real images for the end, 3 and 2, and 1 fake: 1 and 0.
REAL, FAKE = images_of(29), images_of(25, seed=1, shift=0.1)
METRICS = {
    "frechet": lambda: FrechetDistance(features()),
    # Of subsets: what is drawn goes by the order of the images.
    "kernel": lambda: KernelDistance(features(), 10, 3),
    "neighbours": lambda: PrecisionRecall(features()),
    "room for 20": lambda: Diversity(features(), capacity=20),
}


def batches(images):
    return tf.data.Dataset.from_tensor_slices(images).batch(8)


def update_by_replicas(strategy, update, *images):
    @tf.function
    def run(*parts):
        strategy.run(update, args=parts)

    data = tf.data.Dataset.zip(tuple(map(batches, images)))
    for parts in strategy.experimental_distribute_dataset(data):
        run(*parts)


def check(name, strategy):
    alone = METRICS[name]()
    alone.update_state(REAL, FAKE)
    with strategy.scope():
        metric = METRICS[name]()
    update_by_replicas(strategy, metric.update_state, FAKE[:8], REAL[:8])
    metric.reset_state()
    update_by_replicas(strategy, metric.update_state, REAL[:24], FAKE[:24])
    update_by_replicas(
        strategy, lambda real: metric.update_state(real), REAL[24:]
    )
    update_by_replicas(
        strategy, lambda fake: metric.update_state(None, fake), FAKE[24:]
    )
    for score, expected in zip(metric.score(), alone.score()):
        assert score.protocol == expected.protocol, name
        assert score.notes == expected.notes, name
        np.testing.assert_allclose(
            score.value, expected.value, rtol=1e-9, err_msg=name
        )


def check_pairs(strategy):
    alone = StructuralSimilarity()
    alone.update_state(REAL[:20], FAKE[:20])
    with strategy.scope():
        metric = StructuralSimilarity()
    update_by_replicas(strategy, metric.update_state, REAL[:20], FAKE[:20])
    (score,), (expected,) = metric.score(), alone.score()
    assert score.protocol == expected.protocol
    np.testing.assert_allclose(score.value, expected.value, rtol=1e-6)


def main():
    strategy = replica_cases.two_cpus()
    for name in METRICS:
        check(name, strategy)
    check_pairs(strategy)
    print("two replicas equal one")


if __name__ == "__main__":
    main()
