"""The functions that an export holds: a network at one size, or at any."""

import dataclasses

import keras
import numpy as np

from export import network, precision
from export.errors import UsageError
from export.signature import DEFAULT_NAME, Signature
from keras_gans.data import pixels
from keras_gans.prediction.network_steps import NetworkSteps

# What --sizes can be instead of sizes.
FREE = "free"
# Eight images, and what a network makes of them, are in memory at once.
_MOST_PIXELS = 2**22


@dataclasses.dataclass(frozen=True)
class Trial:
    """Inputs of one size, and what Keras answers to them.

    Args:
        inputs: Dict from name to array `(n, ...)`, images float32 in [-1, 1].
        outputs: float32 array `(n, ...)`.
    """

    inputs: dict
    outputs: np.ndarray


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One function of an export.

    Args:
        name: The name that a file knows it by.
        network: `keras.Model` that computes in float32, at this size.
        signature: `export.signature.Signature` of it.
        trials: List of `Trial`, one for each size that it is proven at.
        sides: `keras_gans.prediction.sides.Sides` that images of any size must
            have; `None` if the size is fixed.
    """

    name: str
    network: keras.Model
    signature: Signature
    trials: list
    sides: object = None

    def served(self, inputs):
        """Returns inputs as the function takes them.

        Args:
            inputs: Dict from name to array `(n, ...)`, images in [-1, 1].
        """
        return {
            name: pixels.to_uint8(array)
            if self.signature.inputs[name].dtype == "uint8"
            else array
            for name, array in inputs.items()
        }

    def calibration(self, inputs):
        """Returns inputs of any size as the function takes them."""
        if "images" in inputs:
            size = self.trials[0].inputs["images"].shape[1:3]
            inputs = inputs | _resize(inputs["images"], size)
        return self.served(inputs)


def parse_sizes(text):
    """Reads sizes as a flag has them.

    Args:
        text: "free", or sides and HEIGHTxWIDTHs with commas; or `None`.

    Returns:
        `FREE`, or a tuple of pairs of integers without repetitions.

    Raises:
        UsageError: If a size is larger than what can be proven.
    """
    if text is None or text == FREE:
        return text or ()
    sides = [tuple(map(int, size.split("x"))) for size in text.split(",")]
    sizes = tuple(dict.fromkeys((x[0], x[-1]) for x in sides))
    for height, width in sizes:
        if height * width > _MOST_PIXELS:
            raise UsageError(
                f"--sizes must be of {_MOST_PIXELS} pixels at most, such as "
                f"2048x2048. Received: {height}x{width}."
            )
    return sizes


def make(request):
    """Makes the functions that are asked for.

    Args:
        request: `export.records.ExportRequest` whose inputs were checked.

    Returns:
        List of `Endpoint`, the first one the one to take by default.

    Raises:
        ExportError: If the network cannot be exported faithfully.
        UsageError: If it does not come in these sizes.
    """
    model = precision.as_float32(request.network)
    if not request.sizes:
        trial = _try(model, request.inputs, request)
        return [
            Endpoint(DEFAULT_NAME, model, _describe(trial, request), [trial])
        ]
    sides = _sides(model, request)
    if request.sizes == FREE:
        return [_make_free(model, sides, request)]
    endpoints = []
    for size in request.sizes:
        _check_size(size, sides)
        resized = at_size(model, size)
        trial = _try(resized, _resize(request.inputs["images"], size), request)
        name = "{}x{}".format(*size)
        if len(request.sizes) == 1:
            name = DEFAULT_NAME
        endpoints.append(
            Endpoint(name, resized, _describe(trial, request), [trial])
        )
    return endpoints


def at_size(model, size):
    """Makes a network for images of another size, of the same layers.

    Args:
        model: Built functional or sequential `keras.Model` from images, whose
            layers take images of any size.
        size: Pair of integers, height and width, or of `None`.

    Returns:
        `model` itself if it has this size, or a `keras.Model` that shares its
        weights.
    """
    if tuple(model.input_shape[1:3]) == tuple(size):
        return model
    return keras.models.clone_model(
        # Keras clones no sequential models with a `call_function`.
        keras.Model(model.inputs[0], model.outputs[0], name=model.name),
        input_tensors=keras.Input((*size, model.input_shape[-1])),
        clone_function=lambda layer: layer,
        call_function=_call,
    )


def _call(layer, *args, mask=None, **kwargs):
    del mask  # Images have none.
    return layer(*args, **kwargs)


def _make_free(model, sides, request):
    """An endpoint for any size, proven at the inputs' own and at another."""
    images = request.inputs["images"]
    own = images.shape[1:3]
    # Not a square one, and near to it: the proof is to take no longer.
    other = [
        sides.round_up(side) + steps * sides.multiple
        for side, steps in zip(own, (1, 2))
    ]
    trials = [
        _try(
            at_size(model, size),
            _resize(request.inputs["images"], size),
            request,
        )
        for size in (own, other)
    ]
    described = _describe(trials[0], request).with_free_sides()
    free = at_size(model, (None, None))
    return Endpoint(DEFAULT_NAME, free, described, trials, sides)


def _try(model, inputs, request):
    if request.image_dtype == "uint8":
        inputs = _through_pixels(inputs)
    return Trial(
        inputs, network.reference_outputs(model, inputs, request.output_name)
    )


def _describe(trial, request):
    return Signature.of(
        trial.inputs,
        trial.outputs,
        request.num_classes,
        request.output_name,
        request.image_dtype,
    )


def _through_pixels(inputs):
    """The inputs as they are after they have been 8-bit pixels."""
    return {
        name: pixels.to_float(pixels.to_uint8(array))
        if name == "images"
        else array
        for name, array in inputs.items()
    }


def _sides(model, request):
    """The `Sides` of a network's images, of any size if it is of a size."""
    if list(request.inputs) != ["images"] or request.output_name != "images":
        raise UsageError(
            "--sizes is for networks from images to images. "
            f"{request.name} makes {request.output_name} of "
            f"{' and '.join(request.inputs)}."
        )
    try:
        return NetworkSteps(model).sides
    except ValueError as error:
        raise UsageError(
            "--sizes is for networks that take images of any size. "
            f"{str(error).split('. ')[1]}."
        ) from error


def _check_size(size, sides):
    if any(side != sides.round_up(side) for side in size):
        raise UsageError(
            f"--sizes must be multiples of {sides.multiple} for this network, "
            f"{sides.least} at least. Received: {'x'.join(map(str, size))}."
        )


def _resize(images, size):
    return {"images": np.stack([pixels.resize(x, size) for x in images])}
