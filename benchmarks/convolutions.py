"""Our convolutions beside Keras's, at the sizes that networks train with.

    python benchmarks/convolutions.py

Prints a Markdown table of how many times as fast a layer of ours is, forward
and with both gradients: CPU seconds of Keras's layer over ours, at one thread
and with oneDNN on, the least of rounds in which both take turns. Goes our way
on any processor, so that a new one can be measured.
"""

import argparse
import os
import time

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"

import keras
import numpy as np
import tensorflow as tf

from keras_gans.layers import Conv2D, Conv2DTranspose, convolution

# network -> (layer, batch size, side, channels, filters, kernel, strides,
# padding), each; images are padded before "valid".
SIZES = {
    "CycleGAN, 256x256": (
        (Conv2D, 1, 262, 3, 64, 7, 1, "valid"),
        (Conv2D, 1, 258, 64, 128, 3, 2, "valid"),
        (Conv2D, 1, 130, 128, 256, 3, 2, "valid"),
        (Conv2D, 1, 66, 256, 256, 3, 1, "valid"),
        (Conv2D, 2, 66, 256, 256, 3, 1, "valid"),
        (Conv2DTranspose, 1, 64, 256, 128, 3, 2, "valid"),
        (Conv2DTranspose, 1, 128, 128, 64, 3, 2, "valid"),
        (Conv2D, 1, 262, 64, 3, 7, 1, "valid"),
        (Conv2D, 1, 33, 512, 1, 4, 1, "valid"),
    ),
    "CycleGAN, 128x128": (
        (Conv2D, 1, 34, 256, 256, 3, 1, "valid"),
        (Conv2D, 2, 34, 256, 256, 3, 1, "valid"),
        (Conv2DTranspose, 1, 32, 256, 128, 3, 2, "valid"),
        (Conv2D, 1, 134, 64, 3, 7, 1, "valid"),
    ),
    "U-Net, 256x256": (
        (Conv2D, 1, 128, 64, 128, 4, 2, "same"),
        (Conv2D, 1, 32, 256, 512, 4, 2, "same"),
        (Conv2D, 1, 8, 512, 512, 4, 2, "same"),
        (Conv2DTranspose, 1, 8, 1024, 512, 4, 2, "same"),
        (Conv2DTranspose, 1, 32, 512, 128, 4, 2, "same"),
    ),
    "DCGAN, 64x64": (
        (Conv2D, 64, 16, 128, 256, 4, 2, "same"),
        (Conv2D, 64, 8, 256, 512, 4, 2, "same"),
        (Conv2DTranspose, 64, 4, 512, 256, 4, 2, "same"),
    ),
}


def step_of(layer, images):
    """A function of the forward pass and of one with both gradients."""

    @tf.function
    def forward(images):
        return layer(images, **arguments)

    @tf.function
    def with_gradients(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            # Squares, or the forward pass would not be needed.
            loss = tf.reduce_sum(tf.square(layer(images, **arguments)))
        return tape.gradient(loss, [images, layer.kernel.value])

    is_ours = isinstance(layer, (Conv2D, Conv2DTranspose))
    arguments = {"training": True} if is_ours else {}
    for function in (forward, with_gradients):
        function(images)
    return forward, with_gradients


def measure(size, num_rounds):
    """Returns the ratios forward and with gradients."""
    layer_cls, batch_size, side, channels, *arguments = size
    keras_cls = getattr(keras.layers, layer_cls.__name__)
    images = tf.random.normal((batch_size, side, side, channels), seed=0)
    steps = [
        step_of(cls(*arguments, use_bias=False), images)
        for cls in (keras_cls, layer_cls)
    ]
    seconds = np.full((num_rounds, 2, 2), np.inf)
    for i in range(num_rounds):
        for j, functions in enumerate(steps):
            for k, function in enumerate(functions):
                start = time.process_time()
                function(images)
                seconds[i, j, k] = time.process_time() - start
    theirs, ours = seconds.min(axis=0)
    return theirs / ours


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    convolution._is_slow_here = lambda: True
    print("| network | layer | forward | with gradients |\n|---|---|---|---|")
    for network, sizes in SIZES.items():
        for size in sizes:
            layer_cls, batch_size, side, channels, filters, kernel, *_ = size
            ratios = measure(size, arguments.rounds)
            print(
                f"| {network} | `{layer_cls.__name__}` {kernel}x{kernel}, "
                f"{batch_size}x{side}x{side}x{channels} to {filters} | "
                f"{ratios[0]:.2f} | {ratios[1]:.2f} |"
            )


if __name__ == "__main__":
    main()
