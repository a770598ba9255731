"""The end of a data set leaves a model as its last batch has left it."""

import numpy as np
import pytest
import tensorflow as tf

from tests.models import every_model, tiny


def _train(name, knows_length):
    model = every_model.make(name, run_eagerly=False, **every_model.sgd(name))
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
    # A batch too many is a third of a log, and one of each counter; threads
    # may round sums apart.
    assert logs.keys() == expected_logs.keys()
    for log, values in logs.items():
        np.testing.assert_allclose(
            values, expected_logs[log], rtol=1e-4, atol=1e-5, err_msg=log
        )
    for array, expected in zip(state, expected_state, strict=True):
        if np.issubdtype(array.dtype, np.floating):
            np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5)
        else:
            np.testing.assert_array_equal(array, expected)
