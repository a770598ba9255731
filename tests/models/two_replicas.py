"""python -m tests.models.two_replicas: two replicas against one.

A process of its own: logical devices must be set before TensorFlow starts.
"""

import tempfile

import keras
import numpy as np
import tensorflow as tf

from keras_gans import replicas
from keras_gans.models.base import BaseModel
from keras_gans.noise import draw_normal
from keras_gans.optimizers import FusedAdam
from tests.models import replica_cases, tiny


def check_unscaled_losses_fail(strategy):
    """Replicas add their gradients up: the check must notice."""
    take_turn = BaseModel._take_turn

    def take_turn_without_scaling(self, objective, *arguments):
        def unscaled_objective(*part):
            loss, *others = objective(*part)
            return loss * replicas.count(), *others

        return take_turn(self, unscaled_objective, *arguments)

    BaseModel._take_turn = take_turn_without_scaling
    try:
        replica_cases.check_equal("variational_autoencoder", strategy)
    except AssertionError as error:
        assert "variational_autoencoder: " in str(error), error
    else:
        raise AssertionError("unscaled losses were not noticed")
    finally:
        BaseModel._take_turn = take_turn


def check_noise(strategy):
    """Replicas draw their parts of one batch, by generator or number."""
    with strategy.scope():
        generator = keras.random.SeedGenerator(1)
    replicas.differ(generator)
    for seed, alone in ((generator, keras.random.SeedGenerator(1)), (1, 1)):
        draws = strategy.run(lambda seed=seed: draw_normal((5, 2), seed))
        parts = strategy.experimental_local_results(draws)
        whole = draw_normal((10, 2), alone)
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def check_dropout(strategy):
    """Layers of Keras's draw apart, once a model of ours holds them."""

    def shares_masks(network):
        @tf.function
        def drop():
            return strategy.run(
                lambda: network(tf.ones((1, 8, 8, 3)), training=True)
            )

        first, second = strategy.experimental_local_results(drop())
        return np.array_equal(first, second)

    with strategy.scope():
        alone = tiny.generator(dropout=0.5)
        assert shares_masks(alone)
        model = tiny.cyclegan(dropout=0.5)
    assert not shares_masks(model.generator_ab)


def check_pools(strategy):
    """Each replica has its pool, and files bring all of them back."""

    def train(model):
        with strategy.scope():
            data = tiny.dataset(2, 4)
        model.fit(data, verbose=0, shuffle=False)
        return model

    def pools(model):
        return replicas.values_of(model.pool_a.images)

    with strategy.scope():
        model = train(replica_cases.cyclegan(pool_size=2))
        other = replica_cases.cyclegan(pool_size=2)
    first, second = pools(model)
    assert not np.array_equal(first, second)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        other.load_weights(f"{folder}/model.keras")
        single = keras.models.load_model(f"{folder}/model.keras")
    np.testing.assert_array_equal(pools(other), [first, second])
    np.testing.assert_array_equal(single.pool_a.images, first)
    for log, same in zip(model.metrics_variables, other.metrics_variables):
        np.testing.assert_allclose(log, same, rtol=1e-6)
    # What is drawn next is alike too.
    after, alike = train(model), train(other)
    np.testing.assert_array_equal(pools(after), pools(alike))
    assert not np.array_equal(pools(after), [first, second])


def check_adam(strategy):
    """Replicas add their gradients up, and keep one state."""

    def train(optimizer_cls, step):
        weight = keras.Variable([3.0, -1.0])
        optimizer = optimizer_cls(0.1)
        optimizer.build([weight])
        for gradient in ([1.0, -2.0], [0.5, 4.0]):
            step(optimizer, tf.constant(gradient))
        state = [weight, *optimizer.variables]
        return [replicas.values_of(variable) for variable in state]

    @tf.function
    def step_of_replicas(optimizer, gradient):
        parts = tf.constant([[0.25], [0.75]])
        strategy.run(
            lambda: optimizer.apply([gradient * parts[replicas.position()]])
        )

    with strategy.scope():
        ours = train(FusedAdam, step_of_replicas)
    alone = train(
        keras.optimizers.Adam,
        lambda optimizer, gradient: optimizer.apply([gradient]),
    )
    for copies, (expected,) in zip(ours, alone):
        for copy in copies:
            np.testing.assert_allclose(copy, expected, rtol=1e-4)


def main():
    strategy = replica_cases.two_cpus()
    for name in replica_cases.CASES:
        replica_cases.check_equal(name, strategy)
    check_unscaled_losses_fail(strategy)
    check_noise(strategy)
    check_dropout(strategy)
    check_pools(strategy)
    check_adam(strategy)
    print("two replicas equal one")


if __name__ == "__main__":
    main()
