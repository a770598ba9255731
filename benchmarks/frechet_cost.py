"""Measures what a Frechet distance costs beside the network of its features.

    python benchmarks/frechet_cost.py

10,000 real and 10,000 fake features of 2048 numbers, in batches of 50, through
`FrechetDistance`: CPU seconds of updates and of the distance, and the peak of
memory above that of the imports. Beside them, InceptionV3 with random weights
on `--num_images` images of 299x299, counted up to as many. A process for each.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

DIM = 2048
COUNT = 10_000
BATCH_SIZE = 50


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_distance():
    from keras_gans.metrics import CallableFeatures, FrechetDistance

    features = CallableFeatures(None, "features", DIM, "random")
    rng = np.random.default_rng(0)
    before = peak_bytes()
    metric = FrechetDistance(features)
    updating = 0.0
    for _ in range(COUNT // BATCH_SIZE):
        batches = [
            rng.normal(size=(BATCH_SIZE, DIM)).astype("float32")
            for _ in range(2)
        ]
        start = time.process_time()
        metric.update_features(*batches)
        updating += time.process_time() - start
    start = time.process_time()
    (score,) = metric.score()
    ending = time.process_time() - start
    print(f"updates           {updating:8.1f} CPU s")
    print(f"distance          {ending:8.1f} CPU s")
    print(f"peak above import {(peak_bytes() - before) / 1e9:8.2f} GB")
    print(score)


def measure_network(num_images):
    import keras

    network = keras.applications.InceptionV3(
        include_top=False,
        weights=None,
        input_shape=(299, 299, 3),
        pooling="avg",
    )
    images = np.zeros((num_images, 299, 299, 3), "float32")
    network.predict(images[:10], batch_size=10, verbose=0)
    start = time.process_time()
    network.predict(images, batch_size=10, verbose=0)
    seconds = time.process_time() - start
    total = seconds / num_images * 2 * COUNT
    print(f"InceptionV3       {total:8.1f} CPU s for {2 * COUNT} images")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--num_images", type=int, default=100)
    parser.add_argument("--part", choices=["distance", "network"])
    options = parser.parse_args()
    if options.part == "distance":
        measure_distance()
    elif options.part == "network":
        measure_network(options.num_images)
    else:
        for part in ("distance", "network"):
            subprocess.run(
                [sys.executable, *sys.argv, f"--part={part}"], check=True
            )


if __name__ == "__main__":
    main()
