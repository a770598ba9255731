"""Names, kinds and static shapes of what goes into a network and comes out."""

import dataclasses

import numpy as np

from export.errors import ExportError


@dataclasses.dataclass(frozen=True)
class Kind:
    """What all inputs of one name have in common.

    Args:
        dtype: Name of their dtype.
        axes: Names of their axes after the batch; "..." is one or more.
    """

    dtype: str
    axes: tuple

    def fits(self, shape):
        """Whether a shape without the batch has these axes."""
        if self.axes == ("...",):
            return len(shape) >= 1
        return len(shape) == len(self.axes)

    def __str__(self):
        axes = "".join(f", {axis}" for axis in self.axes) or ","
        return f"{self.dtype} (n{axes})"


# The numbers of axes differ: they tell the kind of an input without a name.
# Codes alone have any number, so they are known by name.
KINDS = {
    "images": Kind("float32", ("height", "width", "channels")),
    "latents": Kind("float32", ("latent_dim",)),
    "labels": Kind("int32", ()),
    "codes": Kind("float32", ("...",)),
}
# What networks make, by their role.
OUTPUTS = {"encoder": "codes", "decoder": "images", "generator": "images"}


def role_of(name):
    """Returns the role of a network in `OUTPUTS`, which its files are named by.

    Args:
        name: The network's name. Any but "encoder" and "decoder", such as
            "generator_ab", is that of a generator.
    """
    return name if name in OUTPUTS else "generator"


# The name that LiteRT, TensorFlow Serving and saved_model_cli look for first.
DEFAULT_NAME = "serving_default"
# What --image_dtype can be: pictures in [-1, 1], or their pixels as in files.
IMAGE_DTYPES = ("float32", "uint8")


@dataclasses.dataclass(frozen=True)
class Spec:
    """Shape, batch included, and dtype of one input or output.

    Sides of images that are free are `None`.
    """

    shape: tuple
    dtype: str

    def as_json(self):
        return {"shape": list(self.shape), "dtype": self.dtype}


@dataclasses.dataclass(frozen=True)
class Signature:
    """Inputs and output of the exported function.

    Args:
        inputs: Dict from name in `KINDS` to `Spec`.
        output: `Spec` of the output, such as `(1, height, width, channels)`.
        num_classes: Integer, labels are 0 to `num_classes - 1`; `None` if
            there are none, or nobody knows.
        output_name: "images" or "codes".
    """

    inputs: dict
    output: Spec
    num_classes: int | None = None
    output_name: str = "images"

    @classmethod
    def of(
        cls,
        inputs,
        outputs,
        num_classes=None,
        output_name="images",
        image_dtype="float32",
    ):
        """Describes a network by its inputs and its answers.

        Args:
            inputs: Dict from name to array `(n, ...)`.
            outputs: Array `(n, ...)`.
            num_classes: Integer or `None`; it means nothing without labels.
            output_name: "images" or "codes".
            image_dtype: From `IMAGE_DTYPES`, of images in and out.
        """

        def spec(name, array):
            dtype = image_dtype if name == "images" else KINDS[name].dtype
            return Spec((1, *array.shape[1:]), dtype)

        if "labels" not in inputs:
            num_classes = None
        return cls(
            {name: spec(name, array) for name, array in inputs.items()},
            spec(output_name, outputs),
            num_classes,
            output_name,
        )

    def with_free_sides(self):
        """Returns the signature for images of any height and width."""

        def free(name, spec):
            if name != "images":
                return spec
            return Spec((1, None, None, spec.shape[-1]), spec.dtype)

        return dataclasses.replace(
            self,
            inputs={name: free(name, x) for name, x in self.inputs.items()},
            output=free(self.output_name, self.output),
        )

    def as_json(self):
        """Returns what a file must say of itself."""
        return {
            "inputs": {name: x.as_json() for name, x in self.inputs.items()},
            "outputs": {self.output_name: self.output.as_json()},
        }


def name_inputs(inputs, are_codes=False):
    """Returns inputs as a dictionary of arrays.

    Args:
        inputs: Array `(n, ...)`, or a dictionary of arrays.
        are_codes: Boolean, whether an array without a name holds codes.

    Returns:
        Dict from name to NumPy array.

    Raises:
        ExportError: If an array without a name is of no kind.
    """
    if isinstance(inputs, dict):
        return {name: np.asarray(array) for name, array in inputs.items()}
    array = np.asarray(inputs)
    return {"codes" if are_codes else name_of(array.shape[1:]): array}


def name_of(shape):
    """Names an input by the number of its axes.

    Args:
        shape: Tuple, its shape without the batch.

    Returns:
        The name in `KINDS`.

    Raises:
        ExportError: If there is no such kind.
    """
    for name, kind in KINDS.items():
        if len(kind.axes) == len(shape):
            return name
    raise ExportError(
        "A network's only input must be images (height, width, channels), "
        "latents (latent_dim,), labels () or a `keras.Input` with the name "
        f"codes. Received: input shape {shape}."
    )


def check_names(names):
    """Refuses names that are not in `KINDS`."""
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise ExportError(
            f"The inputs must be named from {', '.join(KINDS)}. "
            f"Received: {', '.join(map(str, unknown))}."
        )


def count(inputs):
    """Returns the number of inputs, the same under each name.

    Args:
        inputs: Dict from name to array `(n, ...)`.

    Raises:
        ExportError: If the arrays differ in length.
    """
    lengths = {name: x.shape[0] for name, x in inputs.items()}
    if len(set(lengths.values())) > 1:
        received = ", ".join(f"{n} {name}" for name, n in lengths.items())
        raise ExportError(
            f"`inputs` must be equally many of each. Received: {received}."
        )
    return min(lengths.values(), default=0)


def rows(inputs):
    """Yields the inputs one by one, each as a dictionary of batches of one."""
    for i in range(count(inputs)):
        yield {name: array[i : i + 1] for name, array in inputs.items()}


def answer(network, inputs):
    """Calls a network in inference mode.

    Args:
        network: Built `keras.Model`.
        inputs: Dict from name to tensor `(batch, ...)`. A network with one
            input gets it bare, unless it was built from a dictionary.
    """
    if len(inputs) == 1 and not isinstance(
        getattr(network, "input", None), dict
    ):
        (inputs,) = inputs.values()
    return network(inputs, training=False)
