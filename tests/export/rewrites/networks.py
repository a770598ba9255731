"""What the tests of the rewrites share."""

import numpy as np

from export.rewrites import graph


def shake(network, seed=0):
    """Gives every weight a random value: variances are positive."""
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        low = 0.5 if "variance" in weight.name else -1.0
        weight.assign(rng.uniform(low, 1.5, weight.shape))


def draw(network, seed=0):
    """Two random inputs of a network with one input."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((2, *network.input_shape[1:]), "float32")


def check_equal(network, counts, seed=0):
    """Rewrites a network, checks what was found and the answers.

    Returns:
        The rewritten network.
    """
    shake(network, seed)
    rewritten, found = graph.rewrite(network)
    assert found == counts
    inputs = draw(network, seed)
    expected = network(inputs, training=False).numpy()
    outputs = rewritten(inputs, training=False).numpy()
    assert outputs.shape == expected.shape
    scale = np.abs(expected).max()
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-5 * scale)
    return rewritten
