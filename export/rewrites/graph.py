"""Walks a built network and puts equal, faster layers in place of others."""

import collections

import keras

from export.rewrites import (
    blocked_convolution,
    names,
    nearest_upsampling,
    pixel_projection,
    reflection_padding,
    transposed_convolution,
    winograd_convolution,
)

# name -> function of a layer, its input shape and what follows it, in the
# order of trial: a reflection that a convolution can take in comes first.
_REWRITES = {
    "winograd_convolution": winograd_convolution.rewrite,
    "reflection_padding": reflection_padding.rewrite,
    "pixel_projection": pixel_projection.rewrite,
    "transposed_convolution": transposed_convolution.rewrite,
    "nearest_upsampling": nearest_upsampling.rewrite,
    "blocked_convolution": blocked_convolution.rewrite,
}


def rewrite(network, rewrites=names.NAMES):
    """Replaces the layers that the rewrites recognise, and leaves the others.

    What is replaced holds weights made from those of the layer; all other
    layers are those of the network themselves. The network stays as it is.
    Networks inside of it are walked too, and a layer that is called several
    times is replaced once, for all its calls.

    Only functional and sequential networks can be walked. Any other class may
    do more in its `call` than its layers tell.

    Args:
        network: Built `keras.Model` that computes in float32.
        rewrites: Names from `export.rewrites.names.NAMES`.

    Returns:
        A pair: the network for inputs of static height and width, equal to
        rounding in inference mode, and a dict from the name of each rewrite
        that found something to how often it did. `network` itself, if none
        did.

    Raises:
        ExportError: If the name of a rewrite is unknown.
    """
    walk = _Walk(network, names.check(rewrites))
    if not walk.counts:
        return network, {}
    return walk.copy(network), dict(walk.counts)


class _Walk:
    """The networks inside a network, and what is to become of their layers."""

    def __init__(self, network, rewrites):
        self.counts = collections.Counter()
        self._rewrites = rewrites
        self._faces = {}  # id of a network -> its graph
        self._replacements = {}  # id of a layer -> what is called instead
        self._copies = {}  # id of a network -> its copy
        self._visit(network)
        self._nodes = [
            node for x in self._faces.values() for node in _nodes_of(x)
        ]
        self._num_calls = collections.Counter(
            id(node.operation) for node in self._nodes
        )
        # Called with more than an input, or inside of a network that is.
        self._special = {
            id(node.operation) for node in self._nodes if not _is_plain(node)
        }
        for node in self._nodes:
            if id(node.operation) in self._faces and _has_options(node):
                inner = node.operation._flatten_layers()
                self._special.update(map(id, inner))
        for face in self._faces.values():
            self._plan(face)

    def copy(self, network):
        """Returns a network whose layers are replaced as planned."""
        if id(network) not in self._copies:
            self._copies[id(network)] = keras.models.clone_model(
                self._faces[id(network)],
                clone_function=self._replace,
                call_function=self._call,
            )
        return self._copies[id(network)]

    def _visit(self, network):
        if id(network) in self._faces or not _is_graph(network):
            return
        # Without the optimizer of the network, which a clone would copy.
        if isinstance(network, keras.Sequential):
            face = keras.Model(
                network.inputs[0], network.outputs[0], name=network.name
            )
        else:
            face = keras.Model(network.input, network.output, name=network.name)
        self._faces[id(network)] = face
        for layer in face.layers:
            self._visit(layer)

    def _plan(self, face):
        followers = _find_followers(face)
        for node in _nodes_of(face):
            layer = node.operation
            if id(layer) in self._replacements or id(layer) in self._special:
                continue
            chain = []
            if self._num_calls[id(layer)] == 1:
                chain = self._chain(layer, followers)
            shape = self._input_shape(layer)
            for name in self._rewrites:
                found = _REWRITES[name](layer, shape, chain)
                if found is not None:
                    replacement, num_absorbed = found
                    self._replacements[id(layer)] = replacement
                    for absorbed in chain[:num_absorbed]:
                        self._replacements[id(absorbed)] = (
                            keras.layers.Identity(name=absorbed.name)
                        )
                    self.counts[name] += 1
                    break

    def _input_shape(self, layer):
        """Shape of what a layer sees, `None` where its calls differ."""
        shapes = {
            tuple(node.input_tensors[0].shape)
            for node in self._nodes
            if node.operation is layer
        }
        return tuple(
            sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes)
        )

    def _chain(self, layer, followers):
        """Layers that see nothing but what the one before them makes."""
        chain = []
        layer = followers.get(id(layer))
        while layer is not None and self._num_calls[id(layer)] == 1:
            if id(layer) in self._special:
                break
            chain.append(layer)
            layer = followers.get(id(layer))
        return chain

    def _replace(self, operation):
        if id(operation) in self._faces:
            inner = operation._flatten_layers()
            if any(id(layer) in self._replacements for layer in inner):
                return self.copy(operation)
        return self._replacements.get(id(operation), operation)

    def _call(self, operation, *args, **kwargs):
        if any(operation is x for x in self._replacements.values()):
            return operation(args[0])  # The others may know a mask.
        return operation(*args, **kwargs)


def _is_graph(layer):
    """Whether a layer is a network and its graph is all that it does."""
    is_own_class = not type(layer).__module__.startswith("keras.")
    if is_own_class or not isinstance(layer, keras.Model):
        return False
    return getattr(layer, "_nodes_by_depth", None) is not None or (
        isinstance(layer, keras.Sequential) and bool(layer.inputs)
    )


def _nodes_of(face):
    """The calls that make up a graph, those near to the inputs first."""
    by_depth = face._nodes_by_depth
    return [
        node
        for depth in sorted(by_depth, reverse=True)
        for node in by_depth[depth]
        if not node.is_input
    ]


def _has_options(node):
    """Whether a call has what may change the answer, as `training=True`."""
    leaves = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
    return not all(
        isinstance(leaf, keras.KerasTensor) or leaf is None or leaf is False
        for leaf in leaves
    )


def _is_plain(node):
    """Whether a call has one tensor, in the first place, and no options."""
    args = node.arguments.args
    return (
        len(node.input_tensors) == 1
        and len(args) > 0
        and args[0] is node.input_tensors[0]
        and not _has_options(node)
    )


def _find_followers(face):
    """Dict from id of a layer to the only one that sees its output."""
    consumers = collections.defaultdict(list)
    for node in _nodes_of(face):
        for tensor in node.input_tensors:
            consumers[id(tensor)].append(node.operation)
    for tensor in face.outputs:
        consumers[id(tensor)].append(None)
    followers = {}
    for node in _nodes_of(face):
        if len(node.output_tensors) == 1:
            users = consumers[id(node.output_tensors[0])]
            if len(users) == 1 and users[0] is not None:
                followers[id(node.operation)] = users[0]
    return followers
