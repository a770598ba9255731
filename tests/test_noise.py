"""What is drawn for parts of a batch is what is drawn for the batch."""

import keras
import numpy as np
import pytest

from keras_gans import noise

SHAPE = (6, 2)


def draw(seed_generator, batch_size):
    """Two draws of one batch, of either kind, as a step may take them."""
    shape = (batch_size, SHAPE[1])
    return (
        np.array(noise.draw_normal(shape, seed_generator)),
        np.array(noise.draw_uniform(shape, seed_generator)),
    )


def draw_in_parts(seed_generator, count):
    seeds, parts = [], []
    for i in range(count):
        with noise.part_of_batch(i, count, seeds):
            parts.append(draw(seed_generator, SHAPE[0] // count))
    return [np.concatenate(draws) for draws in zip(*parts)]


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_parts_make_up_the_batch(count):
    generator, other = (keras.random.SeedGenerator(1) for _ in "ab")
    for _ in range(2):  # The next batch goes on from the same state.
        normal, uniform = draw(generator, SHAPE[0])
        normal_in_parts, uniform_in_parts = draw_in_parts(other, count)
        np.testing.assert_array_equal(normal_in_parts, normal)
        np.testing.assert_array_equal(uniform_in_parts, uniform)
        np.testing.assert_array_equal(other.state, generator.state)


def test_fixed_seeds_are_cut_too():
    whole = np.array(noise.draw_normal(SHAPE, 3))
    seeds = []
    for i in range(2):
        with noise.part_of_batch(i, 2, seeds):
            part = noise.draw_normal((3, 2), 3)
        np.testing.assert_array_equal(part, whole[3 * i : 3 * i + 3])


def test_an_error_in_a_part_leaves_nothing_behind():
    whole = np.array(noise.draw_normal(SHAPE, 3))
    with pytest.raises(KeyError), noise.part_of_batch(1, 2, []):
        raise KeyError
    np.testing.assert_array_equal(noise.draw_normal(SHAPE, 3), whole)
