import re

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data
from tests.data.files import noisy

START, STEPS = 5, 3
BATCH_SIZE = 6


def grey(count):
    return noisy(count, 3, channels=1)


# Batches lie in one or two epochs; those of the shorter domain, of 2
# pictures, in four.
PIPELINES = {
    "images": lambda **options: data.ImagePipeline(
        noisy(7, 1), (9, 11), batch_size=BATCH_SIZE, **options
    ),
    "labels": lambda **options: data.ImagePipeline(
        noisy(7, 1),
        (6, 7),
        (9, 11),
        BATCH_SIZE,
        flip=True,
        labels=range(7),
        num_classes=7,
        **options,
    ),
    "binarized": lambda **options: data.ImagePipeline(
        grey(8),
        (9, 11),
        batch_size=BATCH_SIZE,
        binarize=True,
        labels=range(8),
        num_classes=8,
        **options,
    ),
    "unpaired": lambda **options: data.UnpairedPipeline(
        noisy(2, 1), noisy(7, 2), (6, 7), (9, 11), BATCH_SIZE, **options
    ),
    "paired": lambda **options: data.PairedPipeline(
        noisy(7, 1), noisy(7, 2), (6, 7), (9, 11), BATCH_SIZE, **options
    ),
    "mixture": lambda: data.MixturePipeline(
        data.open_mixture("ring_8"), BATCH_SIZE, steps_per_epoch=10
    ),
}
KINDS = [*PIPELINES, "unpaired_on_demand"]


def make(kind):
    if kind == "unpaired_on_demand":
        return PIPELINES["unpaired"](cache="none")
    return PIPELINES[kind]()


def take(pipeline, shard):
    """The tensors of some batches, each an array `(steps, batch, ...)`."""
    batches = pipeline.dataset(START, shard=shard).take(STEPS)
    tensors = zip(*[tf.nest.flatten(batch) for batch in batches])
    return [np.stack(steps) for steps in tensors]


@pytest.mark.parametrize("kind", KINDS)
def test_shards_in_a_row_are_the_whole_batch(kind):
    pipeline = make(kind)
    whole = take(pipeline, (0, 1))
    assert [tensor.shape[:2] for tensor in whole] == [
        (STEPS, BATCH_SIZE)
    ] * len(whole)
    for count in (2, 3):
        shards = [take(pipeline, (index, count)) for index in range(count)]
        for tensor, *parts in zip(whole, *shards, strict=True):
            assert {part.shape[1] for part in parts} == {BATCH_SIZE // count}
            np.testing.assert_array_equal(np.concatenate(parts, 1), tensor)


@pytest.mark.parametrize("kind", PIPELINES)
def test_the_whole_is_what_comes_without_shards(kind):
    pipeline = make(kind)
    specs = [
        pipeline.dataset().element_spec,
        pipeline.dataset(shard=(0, 1)).element_spec,
    ]
    assert specs[0] == specs[1]
    first, second = (
        tf.nest.flatten(next(iter(dataset)))
        for dataset in (pipeline.dataset(4), pipeline.dataset(4, shard=(0, 1)))
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", PIPELINES)
def test_a_batch_that_has_no_equal_parts_is_refused(kind):
    message = (
        "`batch_size` must be a multiple of the number of shards, 4. "
        "Received: batch_size=6."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make(kind).dataset(shard=(0, 4))


@pytest.mark.parametrize("shard", [(2, 2), (-1, 2), (0, 0)], ids=str)
@pytest.mark.parametrize("kind", PIPELINES)
def test_a_shard_that_there_is_not_is_refused(kind, shard):
    message = (
        "`shard` must be (index, count), with an index of at least 0 and less "
        f"than the count. Received: shard={shard}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make(kind).dataset(shard=shard)
