"""The unpaired input pipeline beside PyTorch's DataLoader, at 256x256.

    python benchmarks/input_pipeline.py

Prints two Markdown tables, for batches of one pair and of four: pairs per
second of each row as a ratio to the DataLoader, by wall time. Rows take turns
on the same 300 + 240 JPEG files, which are made of noise of all scales in a
temporary folder, and stand still while others have theirs. Ratios are medians
over the rounds, with quartiles.

The DataLoader has two workers, and the transforms of the authors of CycleGAN:
bicubic resize to 286x286, a random window of 256x256, a random flip, tensors
in [-1, 1]. Without torchvision they are written here, with Pillow and PyTorch.
Ours decode and resize once, before the first batch; the last line says how
long that takes, in epochs of the DataLoader.
"""

import pathlib
import random
import shutil
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

SIZE, LOAD_SIZE = 256, 286
COUNTS = {"trainA": 300, "trainB": 240}
BATCH_SIZES = (1, 4)
NUM_WORKERS = 2
CACHES = ("none", "memory", "file")
ROUNDS, FILLING_ROUNDS = 9, 3
# Pairs in a turn, and before it.
TURNS = {"torch": 120, "none": 120, "memory": 1200, "file": 1200}
WARM_UP = 60


class AuthorsPairs(Dataset):
    """The pairs of the authors' `UnalignedDataset`, with its transforms."""

    def __init__(self, folder):
        self.paths_a, self.paths_b = (
            sorted(folder.joinpath(name).iterdir()) for name in COUNTS
        )

    def __len__(self):
        return max(len(self.paths_a), len(self.paths_b))

    def __getitem__(self, index):
        path_b = random.choice(self.paths_b)
        path_a = self.paths_a[index % len(self.paths_a)]
        return self._transform(path_a), self._transform(path_b)

    def _transform(self, path):
        picture = Image.open(path).convert("RGB")
        picture = picture.resize((LOAD_SIZE, LOAD_SIZE), Image.BICUBIC)
        left, top = (random.randint(0, LOAD_SIZE - SIZE) for _ in range(2))
        picture = picture.crop((left, top, left + SIZE, top + SIZE))
        if random.random() < 0.5:
            picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
        tensor = torch.from_numpy(np.array(picture))
        tensor = tensor.permute(2, 0, 1).contiguous().float().div(255)
        return tensor.sub_(0.5).div_(0.5)


def write_pictures(folder):
    """Writes JPEG files of noise whose amplitude is that of its scale."""
    generator = np.random.default_rng(0)
    for name, count in COUNTS.items():
        folder.joinpath(name).mkdir()
        for index in range(count):
            picture = np.full((SIZE, SIZE, 3), 128.0)
            for side in (2, 4, 8, 16, 32, 64, 128, 256):
                noise = generator.normal(0, 60 / side**0.5, (side, side, 3))
                planes = [
                    Image.fromarray(plane.astype("float32")).resize(
                        (SIZE, SIZE), Image.BICUBIC
                    )
                    for plane in np.moveaxis(noise, -1, 0)
                ]
                picture += np.stack(planes, axis=-1)
            levels = np.clip(picture, 0, 255).astype("uint8")
            path = folder / name / f"{index:04d}.jpg"
            Image.fromarray(levels).save(path, quality=90)


def torch_batches(folder, batch_size):
    """Endless batches of a DataLoader whose workers stay alive."""
    loader = DataLoader(
        AuthorsPairs(folder),
        batch_size,
        shuffle=True,
        num_workers=NUM_WORKERS,
        persistent_workers=True,
        # This process has threads, which must not be forked.
        multiprocessing_context="spawn",
    )
    while True:
        yield from loader


def make_pipeline(folder, batch_size, cache):
    """Ours; with a cache it is filled now."""
    # The workers import this file too, and have no use for TensorFlow.
    from keras_gans import data

    domains = data.open_unpaired(folder)
    return data.UnpairedPipeline(
        domains.train_a,
        domains.train_b,
        (SIZE, SIZE),
        (LOAD_SIZE, LOAD_SIZE),
        batch_size,
        cache=cache,
        cache_dir=folder / "cache",
    )


def seconds_per_pair(batches, num_pairs, batch_size):
    """Wall time of a turn, once the threads are at work."""
    for _ in range(WARM_UP // batch_size):
        next(batches)
    start = time.perf_counter()
    for _ in range(num_pairs // batch_size):
        next(batches)
    return (time.perf_counter() - start) / num_pairs


def measure(folder, batch_size):
    """Returns seconds per pair of all rows `(rounds,)`, by their names."""
    pipelines = {
        cache: make_pipeline(folder, batch_size, cache) for cache in CACHES
    }
    loader = torch_batches(folder, batch_size)
    seconds = {name: [] for name in TURNS}
    for turn in range(ROUNDS + 1):
        for name, num_pairs in TURNS.items():
            # Ours begin anew: they would go on to work, and to store batches,
            # while others have their turn. Workers of PyTorch stop at four.
            batches = (
                loader if name == "torch" else iter(pipelines[name].dataset())
            )
            found = seconds_per_pair(batches, num_pairs, batch_size)
            if turn:  # Workers of PyTorch start in the first.
                seconds[name].append(found)
    return {name: np.array(found) for name, found in seconds.items()}


def print_table(batch_size, seconds):
    """Prints the rows of one size of batch."""
    print(f"\n| batch of {batch_size} | DataLoader = 1 | quartiles |")
    print("|---|---|---|")
    for cache in CACHES:
        low, middle, high = np.percentile(
            seconds["torch"] / seconds[cache], (25, 50, 75)
        )
        print(f"| cache={cache} | {middle:.1f} | {low:.1f} to {high:.1f} |")


def measure_filling(folder):
    """Seconds that it takes to fill a cache, once in each of some rounds."""
    seconds = {cache: [] for cache in ("memory", "file")}
    for _ in range(FILLING_ROUNDS):
        for cache, found in seconds.items():
            shutil.rmtree(folder / "cache", ignore_errors=True)
            start = time.perf_counter()
            make_pipeline(folder, 1, cache)
            found.append(time.perf_counter() - start)
    return {cache: np.median(found) for cache, found in seconds.items()}


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_pictures(folder)
        for batch_size in BATCH_SIZES:
            seconds = measure(folder, batch_size)
            print_table(batch_size, seconds)
        epoch = np.median(seconds["torch"]) * max(COUNTS.values())
        filling = measure_filling(folder)
        shares = [f"{cache} {filling[cache] / epoch:.2f}" for cache in filling]
        print(f"\nFilling, in epochs of the DataLoader: {', '.join(shares)}")


if __name__ == "__main__":
    main()
