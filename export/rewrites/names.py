"""Names of the rewrites. No TensorFlow here: the command line reads them."""

from export.errors import ExportError

NAMES = (
    "winograd_convolution",
    "reflection_padding",
    "pixel_projection",
    "transposed_convolution",
    "nearest_upsampling",
    "blocked_convolution",
)


def parse(text):
    """Reads "all", "none", or names with commas, which may be unknown ones.

    Args:
        text: The value of a flag.

    Returns:
        Tuple of strings.
    """
    if text == "all":
        return NAMES
    return () if text == "none" else tuple(text.split(","))


def check(names):
    """Refuses unknown names.

    Args:
        names: Iterable of strings.

    Returns:
        Tuple of names, in the order of `NAMES`, each one once.

    Raises:
        ExportError: If a name is unknown.
    """
    names = tuple(names)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ExportError(
            f"`rewrites` must be names from {', '.join(NAMES)}. "
            f"Received: {unknown[0] or 'an empty name'}."
        )
    return tuple(name for name in NAMES if name in names)
