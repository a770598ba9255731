"""Operations of graphs, worked out by hand from kernels and output sizes."""

import keras
import pytest
import tensorflow as tf

from keras_gans.models import CycleGAN
from keras_gans.networks import (
    build_patchgan_discriminator,
    build_resnet_generator,
)
from trainers import matrix_operations


def count(function, *shapes, dtype="float32"):
    specs = [tf.TensorSpec(shape, dtype) for shape in shapes]
    concrete = tf.function(function).get_concrete_function(*specs)
    return matrix_operations.count(concrete.graph)


# Multiply-adds: outputs, times kernel, times input channels.
@pytest.mark.parametrize(
    ("layer", "multiply_adds"),
    [
        # 8x8 pixels to 4x4, of 5 channels, by 3x3 kernels on 2 channels.
        (
            keras.layers.Conv2D(5, 3, strides=2, padding="same"),
            4 * 4 * 5 * 3 * 3 * 2,
        ),
        # Each of 8x8x2 inputs meets each of 4x4x3 places of its kernel.
        (
            keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same"),
            8 * 8 * 2 * 4 * 4 * 3,
        ),
        (keras.layers.Conv2D(4, 3, groups=2), 6 * 6 * 4 * 3 * 3 * 1),
        # A kernel for each channel, then a product at each pixel.
        (keras.layers.SeparableConv2D(7, 3), 6 * 6 * (2 * 3 * 3 + 2 * 7)),
        (keras.layers.Dense(6), 8 * 8 * 2 * 6),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_layers(layer, multiply_adds):
    layer.build((3, 8, 8, 2))
    assert count(layer, (3, 8, 8, 2)) == {"float32": 2 * 3 * multiply_adds}


def test_a_training_step():
    """A backward pass costs two forward ones, but for the first layer."""
    first = keras.layers.Conv2D(4, 3, strides=2)  # 9x9 to 4x4
    second = keras.layers.DepthwiseConv2D(2)  # 4x4 to 3x3
    last = keras.layers.Dense(5)  # of 36
    for layer, shape in (
        (first, (2, 9, 9, 3)),
        (second, (2, 4, 4, 4)),
        (last, (2, 36)),
    ):
        layer.build(shape)
    weights = [first.kernel, second.kernel, last.kernel]

    def step(images):
        with tf.GradientTape() as tape:
            answers = last(tf.reshape(second(first(images)), (2, 36)))
            loss = tf.reduce_sum(answers**2)
        values = [weight.value for weight in weights]
        for value, gradient in zip(values, tape.gradient(loss, values)):
            value.assign_sub(gradient)

    first_pass = 2 * 4 * 4 * 4 * 3 * 3 * 3
    second_pass = 2 * 3 * 3 * 4 * 2 * 2
    last_pass = 2 * 36 * 5
    # Nobody asks for the gradient of the images.
    multiply_adds = 2 * first_pass + 3 * second_pass + 3 * last_pass
    assert count(step, (2, 9, 9, 3)) == {"float32": 2 * multiply_adds}


def test_products_of_each_dtype_stand_apart():
    def function(x, y):
        half = tf.cast(x, "bfloat16")
        product = tf.matmul(half, half, transpose_a=True)  # 5x5, over 4
        return product, tf.linalg.matmul(y, y, adjoint_b=True)  # 6 of 2x2

    assert count(function, (4, 5), (6, 2, 3)) == {
        "bfloat16": 2 * 5 * 5 * 4,
        "float32": 2 * 6 * 2 * 2 * 3,
    }


def test_what_nothing_depends_on_does_not_count():
    def function(x):
        tf.matmul(x, x)
        return x + 1

    assert count(function, (4, 4)) == {}


def test_functions_count_as_often_as_they_are_called():
    @tf.function
    def product(x):
        first, last = tf.split(x, [1, 3])
        return tf.matmul(last, x), first

    def function(x):
        return product(x)[0] + product(x)[0]

    assert count(function, (4, 4)) == {"float32": 2 * (2 * 3 * 4 * 4)}


def test_both_branches_of_a_condition_count_and_one_pass_of_a_loop():
    def function(x):
        y = tf.cond(
            x[0, 0] > 0,
            lambda: tf.matmul(x, x),
            lambda: tf.matmul(x, tf.matmul(x, x)),
        )
        return tf.while_loop(
            lambda y: y[0, 0] < 9, lambda y: [tf.matmul(y, x)], [y]
        )

    assert count(function, (4, 4)) == {"float32": 4 * 2 * 4 * 4 * 4}


def test_unknown_shapes_are_refused():
    with pytest.raises(ValueError, match="must be known before the graph"):
        count(lambda x: tf.matmul(x, x), (None, 4))


@pytest.mark.slow
def test_the_step_of_a_cyclegan():
    """Six passes forward and six back through a generator, 16 of a judge.

    A pass back costs two forward ones: 6 + 2 * 6 of the generators. Through
    the discriminators, 2 + 4 go forward, 2 go back to the images alone and 4
    to the weights too: 6 + 2 + 2 * 4.
    """
    shape = (16, 16, 3)
    model = CycleGAN(
        *(build_resnet_generator(shape, 3, 4, 1) for _ in range(2)),
        *(build_patchgan_discriminator(shape, 4, 1) for _ in range(2)),
    )
    model.compile()
    images = (1, *shape)
    step = count(lambda a, b: model.train_step((a, b)), images, images)
    generator = count(model.generator_ab, images)["float32"]
    discriminator = count(model.discriminator_a, images)["float32"]
    # Of pictures, real or pooled, nobody wants the gradient: 7x7 and 4x4
    # kernels on three channels, at 16x16 and, with stride 2, 8x8 places.
    saved = 4 * 2 * 16 * 16 * 4 * 7 * 7 * 3 + 4 * 2 * 8 * 8 * 4 * 4 * 4 * 3
    expected = 18 * generator + 16 * discriminator - saved
    assert step == {"float32": expected}
