"""What every model of this package shares: turns, logs and saved state."""

import abc

import keras
import tensorflow as tf
from keras import ops

from keras_gans import noise, replicas

# After 25 overflows in a row, and no step in between.
_LEAST_LOSS_SCALE = 2.0**-10


class BaseModel(keras.Model, abc.ABC):
    """Abstract base: optimizers, guarded updates, logs and saved state.

    Subclasses set their built networks, call `_finish_init` with the trackers
    of their logs, prepare their optimizers in `compile`, and implement
    `train_step`, `test_step` and the two methods below.
    """

    accumulate_steps = 1

    # Methods: Keras's saving walks over properties, and would file weights and
    # optimizers under these names too.
    @abc.abstractmethod
    def export_networks(self):
        """Returns the networks that users deploy, a dictionary by name."""

    @abc.abstractmethod
    def optimizers(self):
        """Returns the optimizers, a dictionary by their names in `compile`."""

    def _finish_init(self, trackers):
        self.trackers = {tracker.name: tracker for tracker in trackers}
        for layer in self._flatten_layers():
            for seed_generator in layer._seed_generators:
                replicas.differ(seed_generator)
        self.built = True  # The injected networks already are.

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Networks, optimizers and logs are built. Under a strategy, Keras
        # would draw a batch for it, and fails for one of several workers
        # (https://github.com/keras-team/keras/issues/20585).
        del iterator, data_batch

    def _make_function(self, step_function):
        # What needs no images would run without them in a graph, when a data
        # set of unknown length ends: the logs, the seeds and the learning
        # rates of all that follows would be one step ahead.
        def step_with_data(data):
            with tf.control_dependencies(tf.nest.flatten(data)):
                return step_function(data)

        return super()._make_function(step_with_data)

    @property
    def metrics(self):
        # Without this, Keras logs a `loss` that nothing updates.
        return list(self.trackers.values())

    def compile(self, optimizer=None, accumulate_steps=1, **kwargs):
        """Hands to Keras what it needs to know, and remembers it.

        Args:
            optimizer: A prepared optimizer, or `None` where there are others.
            accumulate_steps: Integer >= 1, equal parts that a batch is cut
                into, to save memory. They are worked on one after the other,
                and their gradients are averaged for the one update that each
                player makes of a batch. That is the update of the whole batch,
                but for what depends on the images that are seen together:
                batch norms, `MinibatchStdDev`, relativistic losses and the
                activities of a sparse code see the parts; and dropout draws
                for each part. A player's turn takes a forward pass of its
                own then.
            **kwargs: Of `keras.Model.compile`, such as `jit_compile`.

        Raises:
            ValueError: If `accumulate_steps` is out of range.
        """
        if not isinstance(accumulate_steps, int) or accumulate_steps < 1:
            raise ValueError(
                "`accumulate_steps` must be an integer >= 1. Received: "
                f"accumulate_steps={accumulate_steps!r}."
            )
        # Keras would scale the loss by the policy of this model, which computes
        # nothing by itself; what counts is that of its networks.
        super().compile(optimizer=optimizer, auto_scale_loss=False, **kwargs)
        self.accumulate_steps = accumulate_steps
        self._keras_compile_arguments = kwargs

    def _prepare_optimizer(self, optimizer, variables, default):
        """Returns `optimizer`, or `default()`, scaled and built."""
        if optimizer is None:
            optimizer = default()
        optimizer = keras.optimizers.get(optimizer)
        # Networks hold networks: what computes holds no further layers.
        computes_in_half = any(
            layer.compute_dtype == "float16"
            for layer in self._flatten_layers(include_self=False)
            if not layer._layers
        )
        # Keras wraps only the optimizer that it knows of.
        if computes_in_half and not isinstance(
            optimizer, keras.optimizers.LossScaleOptimizer
        ):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # Built now, so that a file can restore its slots.
        optimizer.build(variables)
        return optimizer

    def check_batch_size(self, batch_size):
        """Refuses batches that a training step cannot use.

        Args:
            batch_size: Integer, or `None` if it is not known.

        Raises:
            ValueError: If the batch cannot be cut into equal parts.
        """
        self._check_divides(
            batch_size, self.accumulate_steps, "`accumulate_steps`"
        )

    def _check_divides(self, batch_size, count, what):
        if count > 1 and (batch_size is None or batch_size % count):
            raise ValueError(
                f"The batch size must be a multiple of {count}, {what}, and "
                "the same for all batches (`drop_remainder=True`). "
                f"Received: {batch_size}."
            )

    def _parts(self, *tensors):
        """Cuts a batch into the parts that its gradients are taken of.

        Returns:
            A list of one tuple for each part, of its share of `tensors`.
        """
        # Not the batch of a step: that may take several turns.
        BaseModel.check_batch_size(self, tensors[0].shape[0])
        return cut(tensors, self.accumulate_steps)

    def _take_turn(self, objective, parts, optimizer, variables, tape=None):
        """One step of `optimizer` down the mean of an objective over parts.

        Args:
            objective: Function of what a part holds. It returns a loss, a
                dictionary of logs, and what else is asked for, one row for
                each image.
            parts: What `_parts` returns.
            optimizer: A prepared optimizer.
            variables: The variables it was prepared for.
            tape: What has recorded a forward pass of the only part, or
                `None`.

        Returns:
            The loss and the logs, means over the parts, and what else was
            asked for, of the whole batch. The loss is NaN if a gradient was
            not finite. Such gradients count as zero, so the trainable weights
            stay finite (running statistics of batch normalisation do not),
            and the callback `StopOnNonFinite` sees the NaN.
        """
        seeds, results, gradients = [], [], None
        for i, part in enumerate(parts):
            if gradients is not None:
                part = _after(gradients, part)
            with noise.part_of_batch(i, len(parts), seeds):
                tape = tape or tf.GradientTape()
                with tape:
                    results.append(objective(*part))
                    # Replicas add their gradients up, and so do parts.
                    share = results[-1][0] / (replicas.count() * len(parts))
                    share = optimizer.scale_loss(share)
                part_gradients = _gradients(tape, share, variables)
            tape = None
            gradients = _add(gradients, part_gradients)
        loss, logs, *outputs = _merge(results)
        loss = self._apply(gradients, loss, optimizer, variables)
        return loss, logs, *outputs

    def _apply(self, gradients, loss, optimizer, variables):
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            # It looks for overflows, skips their steps, and halves its scale.
            # Where that has not helped, it is no overflow of the scaling.
            is_lost = optimizer.dynamic_scale < _LEAST_LOSS_SCALE
            loss = ops.where(is_lost, float("nan"), loss)
        else:
            gradients, loss = _without_non_finite(gradients, loss)
        optimizer.apply(gradients, variables)
        return loss

    def _log(self, **values):
        for name, value in values.items():
            self.trackers[name].update_state(value)
        logs = {name: self.trackers[name].result() for name in values}
        if replicas.is_multi_worker():
            # Keras averages the logs of workers over their first axis.
            logs = {name: log[None] for name, log in logs.items()}
        return logs

    def get_compile_config(self):
        if not self.compiled:
            return None
        return keras.saving.serialize_keras_object(
            {
                **self.optimizers(),
                "accumulate_steps": self.accumulate_steps,
                **self._keras_compile_arguments,
            }
        )

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @classmethod
    def from_config(cls, config):
        return cls(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store):
        for name, variable in self._state_outside_weights().items():
            store[name] = variable

    def load_own_variables(self, store):
        for name, variable in self._state_outside_weights().items():
            variable.assign(store[name])

    def _state_outside_weights(self):
        """Seeds (of dropout and other layers too) and running logs, by name.

        Keras leaves both out of its files; a resumed run would replay its
        first noise, and forget the epoch that it is in.
        """
        logs = self.metrics_variables
        others = {id(variable) for variable in self.weights + logs}
        seeds = [v for v in self.variables if id(v) not in others]
        return {
            **{f"seed_state_{i}": seed for i, seed in enumerate(seeds)},
            **{log.path.replace("/", "_"): log for log in logs},
        }


def at_least_float32(tensor):
    """Returns what a network has answered for a loss to be taken of it.

    Networks of one's own may end in half precision, in which squares and
    exponentials overflow.
    """
    dtype = keras.backend.result_type(tensor.dtype, "float32")
    return ops.cast(tensor, dtype)


def cut(tensors, count):
    """Cuts tensors into `count` equal parts along their first axis.

    Returns:
        A list of one tuple for each part.
    """
    if count == 1:
        return [tuple(tensors)]
    return list(zip(*[ops.split(tensor, count) for tensor in tensors]))


def same_shape(first, second):
    """Whether two shapes can be one; `None` is any size."""
    return len(first) == len(second) and all(
        size == other or size is None or other is None
        for size, other in zip(first, second)
    )


def _after(gradients, part):
    """Lets a part wait for the gradients of the one before.

    Side by side, as a graph would run them, they would take the memory of the
    whole batch.
    """
    with tf.control_dependencies(gradients):
        return [tf.identity(tensor) for tensor in part]


def _gradients(tape, loss, variables):
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    for variable, gradient in zip(variables, gradients):
        if gradient is None:
            raise ValueError(
                f"No gradient reaches the weight `{variable.path}`: it has "
                "no influence on the loss. Leave its layer out, or set "
                "`trainable=False` before `compile`."
            )
    return gradients


def _add(gradients, others):
    if gradients is None:
        return others
    # Those of embeddings are slices, until somebody asks for a tensor.
    return [
        tf.convert_to_tensor(gradient) + tf.convert_to_tensor(other)
        for gradient, other in zip(gradients, others)
    ]


def _merge(results):
    """Means of losses and logs over parts, and the rows of all of them."""
    if len(results) == 1:
        return results[0]
    losses, logs, *outputs = zip(*results)
    return (
        _mean(losses),
        {name: _mean([log[name] for log in logs]) for name in logs[0]},
        *[ops.concatenate(rows) for rows in outputs],
    )


def _mean(values):
    return sum(values) / len(values)


def _without_non_finite(gradients, loss):
    checks = [ops.all(ops.isfinite(gradient)) for gradient in gradients]
    is_finite = ops.all(ops.stack([*checks, ops.isfinite(loss)]))
    # One operation a gradient: nought times anything, even NaN, is nought.
    factor = ops.cast(is_finite, loss.dtype)
    gradients = [
        tf.math.multiply_no_nan(gradient, ops.cast(factor, gradient.dtype))
        for gradient in gradients
    ]
    return gradients, ops.where(is_finite, loss, float("nan"))
