"""What autoencoders ask of their codes: that they be sparse, or normal."""

from keras import ops

# Keeps logarithms finite where a sigmoid has run to its end.
_LEAST_ACTIVITY = 1e-6


def l1_sparsity(codes):
    """Sum of the absolute activations of each code.

    Reference:

    - [Goodfellow et al., 2016, section 14.2.1](https://www.deeplearningbook.org/contents/autoencoders.html)

    Args:
        codes: Float tensor `(batch, ...)`.

    Returns:
        A tensor of shape `(batch,)`, >= 0.
    """
    return ops.sum(ops.abs(codes), axis=tuple(range(1, codes.ndim)))


def kl_sparsity(codes, target_activity):
    """`KL(rho || rho_hat)` of each unit, between its activity and a target.

    Not one value per image: the activity `rho_hat` of a unit is the mean of
    its activations over the images of the batch. As probabilities of a unit to
    be on, `rho` and `rho_hat` are at the divergence

        rho log(rho / rho_hat) + (1 - rho) log((1 - rho) / (1 - rho_hat))

    which is 0 for `rho_hat = rho` alone.

    Reference:

    - [Ng, 2011, section 3](https://web.stanford.edu/class/cs294a/sparseAutoencoder_2011new.pdf)

    Args:
        codes: Float tensor `(batch, ...)` in [0, 1], such as from a sigmoid.
        target_activity: Float in (0, 1), rho.

    Returns:
        A tensor of shape `codes.shape[1:]`, >= 0, in nats.
    """
    activity = ops.clip(
        ops.mean(codes, axis=0), _LEAST_ACTIVITY, 1.0 - _LEAST_ACTIVITY
    )
    on, off = target_activity, 1.0 - target_activity
    return on * ops.log(on / activity) + off * ops.log(off / (1.0 - activity))


def kl_to_standard_normal(mean, log_variance):
    """`KL(N(mean, variance) || N(0, 1))` of each number of each code.

    Their sum over a code is the divergence of the whole, for its numbers are
    independent.

    Reference:

    - [Kingma & Welling, 2014, appendix B](https://arxiv.org/abs/1312.6114)

    Args:
        mean: Float tensor `(batch, ...)`.
        log_variance: The same shape, natural logarithms.

    Returns:
        A tensor of the same shape, >= 0, in nats.
    """
    variance = ops.exp(log_variance)
    return 0.5 * (ops.square(mean) + variance - log_variance - 1.0)
