"""The numbers that networks compute in, and what they cost on this machine."""

import keras
import tensorflow as tf

from keras_gans import processor

# Names that Linux has for it, on x86-64 and on 64-bit ARM.
_PROCESSOR_FLAGS = {
    "bfloat16": {"avx512_bf16", "amx_bf16", "bf16"},
    "float16": {"avx512_fp16", "amx_fp16", "asimdhp"},
}
_LEAST_COMPUTE_CAPABILITY = {"bfloat16": (8, 0), "float16": (7, 0)}


def set_up(name):
    """Sets the precision of all networks that are built from now on.

    Weights stay float32, and so do norms, losses, penalties and images; with
    float16, each optimizer scales its loss. Half precision is slow where the
    hardware does not have it: that is said, and not refused, since numbers
    are the same there.

    Args:
        name: One of `config.PRECISIONS`.

    Returns:
        What to say of it, a list of `(label, text)` lines.
    """
    keras.config.set_dtype_policy(name)
    if name == "float32":
        return []
    half = name.removeprefix("mixed_")
    lines = [("compute", f"in {half}; weights, norms and losses in float32")]
    reason = _slowness(half)
    if reason:
        lines.append(("warning", f"--precision={name} is slow here: {reason}"))
    return lines


def _slowness(half):
    """Why `half` is slower than float32 on this machine, or `None`."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        known = processor.instructions()
        if not known or known & _PROCESSOR_FLAGS[half]:
            return None
        return f"the processor has no {half} arithmetic, and imitates it."
    least = _LEAST_COMPUTE_CAPABILITY[half]
    for gpu in gpus:
        details = tf.config.experimental.get_device_details(gpu)
        capability = details.get("compute_capability")
        if capability and tuple(capability) < least:
            return (
                f"{details.get('device_name', gpu.name)} has compute "
                f"capability {capability[0]}.{capability[1]}, and {half} "
                f"takes {least[0]}.{least[1]}."
            )
    return None
