import numpy as np
import pytest
import tensorflow as tf

from keras_gans.metrics import (
    MeanAbsoluteDifference,
    PeakSignalToNoiseRatio,
    StructuralSimilarity,
)
from tests.metrics.rows_as_images import images_of

METRICS = [StructuralSimilarity, PeakSignalToNoiseRatio, MeanAbsoluteDifference]
IMAGES = images_of(12, shape=(12, 12, 1))
OTHERS = images_of(12, seed=1, shape=(12, 12, 1))


def expected(name):
    # TensorFlow's own, of pictures in [0, 1].
    pair = IMAGES / 2 + 0.5, OTHERS / 2 + 0.5
    return {
        "ssim": lambda: np.mean(tf.image.ssim(*pair, max_val=1.0)),
        "psnr": lambda: np.mean(tf.image.psnr(*pair, max_val=1.0)),
        "l1": lambda: np.mean(np.abs(IMAGES - OTHERS)),
    }[name]()


@pytest.mark.parametrize("size", [5, 12])
@pytest.mark.parametrize("metric_cls", METRICS)
def test_mean_of_all_pairs_in_any_batches(metric_cls, size):
    metric = metric_cls()
    for start in range(0, 12, size):
        batch = slice(start, start + size)
        metric.update_state(IMAGES[batch], OTHERS[batch])
    (score,) = metric.score("pairs test", seed=2)
    assert score.name == metric.name
    assert score.value == pytest.approx(expected(metric.name), rel=1e-5)
    assert float(metric.result()) == pytest.approx(score.value)
    assert str(score.protocol) == (
        "12 real and 12 fake images, split pairs test, seed 2"
    )


@pytest.mark.parametrize("metric_cls", METRICS)
def test_equal_pairs_are_the_best(metric_cls):
    equal, unlike = metric_cls(), metric_cls()
    equal.update_state(IMAGES, IMAGES)
    unlike.update_state(IMAGES, OTHERS)
    (best,), (other,) = equal.score(), unlike.score()
    assert best.value == pytest.approx(
        {"ssim": 1, "psnr": 100, "l1": 0}[best.name]
    )
    assert best.is_better_than(other) and not other.is_better_than(best)


@pytest.mark.parametrize("metric_cls", METRICS)
def test_refuses_what_are_no_pairs(metric_cls):
    metric = metric_cls()
    with pytest.raises(ValueError, match="Received: none"):
        metric.score()
    with pytest.raises(ValueError, match=r"\(12, 12, 12, 1\) and \(3, 12, 12"):
        metric.update_state(IMAGES, OTHERS[:3])
    with pytest.raises(ValueError, match="must be of one shape"):
        metric.update_state(IMAGES[0], OTHERS[0])
    metric.update_state(np.full_like(IMAGES, np.nan), OTHERS)
    with pytest.raises(ValueError, match="must be finite"):
        metric.score()
