"""The end of a data set leaves a model as its last batch has left it."""

import numpy as np
import pytest
import tensorflow as tf

from tests.models import every_model, tiny


def _train(name, knows_length):
    model = every_model.make(name, run_eagerly=False)
    data = every_model.dataset(name, num_batches=3)
    if not knows_length:
        # The end shows only when a batch is asked for.
        data = data.filter(lambda *batch: True)
        assert data.cardinality() == tf.data.UNKNOWN_CARDINALITY
    logs = model.fit(data, validation_data=data, verbose=0, shuffle=False)
    state = tiny.arrays(model.variables)
    for optimizer in model.optimizers().values():
        state += tiny.arrays(optimizer.variables)
    return logs.history, state


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("name", every_model.NAMES)
def test_nothing_counts_the_batch_that_is_not_there(name):
    expected_logs, expected_state = _train(name, knows_length=True)
    logs, state = _train(name, knows_length=False)
    assert logs == expected_logs
    for array, expected in zip(state, expected_state, strict=True):
        np.testing.assert_array_equal(array, expected)
