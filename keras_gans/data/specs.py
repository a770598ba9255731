"""The three places that pictures are opened from, and how they are named."""

import os


def parse_spec(spec, embedded_example, tfds_example, folder_content):
    """Splits what a user gives as the place of pictures.

    Args:
        spec: `"embedded:NAME"`, `"tfds:NAME"`, or the path of a folder.
        embedded_example: String for the message, a NAME of the first kind.
        tfds_example: String for the message, a NAME of the second kind.
        folder_content: String for the message, such as `"pictures"`.

    Returns:
        `(kind, name)`: `"embedded"`, `"tfds"` or `"folder"`, and the NAME or
        the path.

    Raises:
        FileNotFoundError: If `spec` is none of the three.
    """
    spec = os.fspath(spec)
    kind, colon, name = spec.partition(":")
    if colon and kind in ("embedded", "tfds"):
        return kind, name
    if not os.path.isdir(os.path.expanduser(spec)):
        raise FileNotFoundError(
            f"`spec` must be embedded:NAME, such as embedded:{embedded_example}"
            f", or tfds:NAME, such as tfds:{tfds_example}, or the path of a "
            f"folder that holds {folder_content}. "
            f"Received: spec={spec!r}, which is not there."
        )
    return "folder", spec
