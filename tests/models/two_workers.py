"""python -m tests.models.two_workers CASE ...: one of two workers.

Each is a process of its own, with its `TF_CONFIG`; and all that `fit` needs is
its strategy's scope, as in a user's script.
"""

import sys

import numpy as np
import tensorflow as tf

from keras_gans import replicas
from tests.models import replica_cases


def check_pools(strategy):
    """Each worker has its pool; all of them are seen by all workers."""
    with strategy.scope():
        model = replica_cases.cyclegan(pool_size=16)
    own = strategy.cluster_resolver.task_id
    replicas.assign_to(model.pool_a.num_images, np.array([3, 5]))
    assert int(model.pool_a.num_images.value.read_value()) == [3, 5][own]
    np.testing.assert_array_equal(
        replicas.values_of(model.pool_a.num_images), [3, 5]
    )


def main(*cases):
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    assert strategy.num_replicas_in_sync == 2
    for name in cases:
        replica_cases.check_equal(name, strategy)
    check_pools(strategy)
    print("two workers equal one")


if __name__ == "__main__":
    main(*sys.argv[1:])
