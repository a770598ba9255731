"""A network as a list of steps, which can be run a few at a time."""

import dataclasses
from typing import Any

import keras

from keras_gans.layers import ReflectionPadding2D
from keras_gans.prediction.sides import Sides

# Where the steps are recorded. Divisible by what networks divide by, and so
# large that the border of an unpadded convolution is nothing to it.
_RECORDED_SIDE = 2**12 * 3**2 * 5


@dataclasses.dataclass(frozen=True, eq=False)
class Step:
    """One call of a layer; tensors are `keras.KerasTensor`s."""

    layer: keras.layers.Layer
    args: Any
    kwargs: dict
    outputs: Any


class NetworkSteps:
    """The layers of a network in the order in which they run.

    They are the layers themselves, with their weights, but they no longer
    belong to one size of image: only `keras.Input` had that.

    Args:
        network: Built functional or sequential `keras.Model` from images to
            images of the same size, without models inside.

    Raises:
        ValueError: If `network` is another kind of model, or its layers take
            images of one size only.
    """

    def __init__(self, network):
        _check_network(network)
        self.channels = network.input_shape[-1]
        side = _RECORDED_SIDE
        self._images = keras.Input((side, side, self.channels))
        self._steps = []
        try:
            recorded = keras.models.clone_model(
                # Keras clones no sequential models with a `call_function`.
                keras.Model(network.inputs[0], network.outputs[0]),
                input_tensors=self._images,
                clone_function=lambda layer: layer,
                call_function=self._record,
            )
        except (ValueError, TypeError) as error:
            raise ValueError(
                "`network` must take images of any size. Received: a network "
                f"for images of shape {network.input_shape[1:]} only. Build "
                "it from convolutions."
            ) from error
        self._outputs = recorded.outputs[0]
        if self._outputs.shape[1:3] != (side, side):
            raise ValueError(
                "`network` must keep height and width. Received: a network "
                f"from {network.input_shape[1:]} to "
                f"{network.output_shape[1:]}."
            )

    def __len__(self):
        return len(self._steps)

    def __getitem__(self, index):
        return self._steps[index]

    def _record(self, layer, *args, mask=None, **kwargs):
        del mask  # Images have none.
        outputs = layer(*args, **kwargs)
        self._steps.append(Step(layer, args, kwargs, outputs))
        return outputs

    @property
    def sides(self):
        """`Sides` of the images that the network takes."""
        features = [
            tensor
            for step in self._steps
            for tensor in keras.tree.flatten(step.outputs)
            # What is pooled to one pixel takes any size.
            if len(tensor.shape) == 4 and tensor.shape[1] > 1
        ]
        # The smallest features on the way are so many times smaller. At other
        # sides halves are rounded, and do not double to the side again.
        multiple = max([1, *map(_scale, features)])
        paddings = [
            max(step.layer.padding) * _scale(step.args[0])
            for step in self._steps
            if isinstance(step.layer, ReflectionPadding2D)
        ]
        # What mirrors itself must be larger than its mirror image.
        least = max([0, *paddings]) // multiple * multiple + multiple
        return Sides(multiple, least)

    def live(self, index):
        """What the steps from `index` on need of what is known before them.

        Args:
            index: Integer, 0 to the number of steps.

        Returns:
            A list of `keras.KerasTensor`: the images at 0, the outputs at the
            end.
        """
        needed = {id(self._outputs)}
        for step in self._steps[index:]:
            needed.update(map(id, keras.tree.flatten((step.args, step.kwargs))))
        known = [self._images]
        for step in self._steps[:index]:
            known.extend(keras.tree.flatten(step.outputs))
        return [tensor for tensor in known if id(tensor) in needed]

    def position(self, index, tensor):
        """The place of a `keras.KerasTensor` in `live(index)`."""
        return list(map(id, self.live(index))).index(id(tensor))

    def values_per_pixel(self, index):
        """Float: numbers that `live(index)` takes for one pixel of an image."""
        numbers = sum(
            tensor.shape[1] * tensor.shape[2] * tensor.shape[3]
            for tensor in self.live(index)
            if len(tensor.shape) == 4
        )
        return numbers / _RECORDED_SIDE**2

    def run(self, start, stop, values, call):
        """Runs the steps from `start` to before `stop`.

        Args:
            start: Integer, the first step.
            stop: Integer, the first step that is not run.
            values: List of tensors in the place of `live(start)`.
            call: Function that runs one: `call(step, *args, **kwargs)`.

        Returns:
            A list of tensors in the place of `live(stop)`.
        """
        known = {
            id(tensor): value for tensor, value in zip(self.live(start), values)
        }

        def look_up(argument):
            return known.get(id(argument), argument)

        for step in self._steps[start:stop]:
            args, kwargs = keras.tree.map_structure(
                look_up, (step.args, step.kwargs)
            )
            outputs = call(step, *args, **kwargs)
            for tensor, value in zip(
                keras.tree.flatten(step.outputs), keras.tree.flatten(outputs)
            ):
                known[id(tensor)] = value
        return [known[id(tensor)] for tensor in self.live(stop)]


def _scale(features):
    return round(_RECORDED_SIDE / features.shape[1])


def _check_network(network):
    if (
        not isinstance(network, keras.Model)
        or len(getattr(network, "inputs", None) or []) != 1
        or len(network.outputs) != 1
        or len(network.input_shape) != 4
        or len(network.output_shape) != 4
        or any(isinstance(layer, keras.Model) for layer in network.layers)
    ):
        raise ValueError(
            "`network` must be a built functional or sequential model from "
            "images to images, without models inside. Received: "
            f"network={network!r}."
        )
