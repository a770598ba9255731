"""The runtimes: each opens its kind of file and returns a function to call.

Every function takes NumPy arrays and returns NumPy arrays, as a program would
use it, so that what a library needs for going in and out is part of its time.
The libraries are imported by the constructors: a process is to hold one.
"""

import os


class LiteRT:
    """.tflite files in the interpreter, with XNNPACK as it is by default."""

    def __init__(self, threads):
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter
        self._threads = threads

    def inspect(self, path):
        """Says what is in a file: see `export.benchmark.subjects.Subject`."""
        from export.benchmark import tflite_file

        interpreter = self._open(path)
        signatures = {}
        for key in interpreter.get_signature_list():
            runner = interpreter.get_signature_runner(key)
            signatures[key] = {
                name: _describe(detail["shape_signature"], detail["dtype"])
                for name, detail in runner.get_input_details().items()
            }
        if not signatures:
            raise ValueError("the file has no signature")
        # The runtime's own way to tell; it has no public one.
        names = [x["op_name"] for x in interpreter._get_ops_details()]
        operators = {x: names.count(x) for x in sorted(set(names))}
        return {
            "signatures": signatures,
            "weights": tflite_file.weights_dtype(path),
            "partitions": operators.pop("DELEGATE", 0),
            "operators": operators,
        }

    def open(self, path, signature, inputs):
        runner = self._open(path).get_signature_runner(signature)
        return lambda inputs: list(runner(**inputs).values())

    def _open(self, path):
        interpreter = self._interpreter(path, num_threads=self._threads)
        interpreter.allocate_tensors()
        return interpreter


class TensorFlow:
    """SavedModels, whose functions are those of `tf.function`."""

    def __init__(self, threads):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self._tf = tf

    def inspect(self, path):
        """As of `LiteRT`; of the operators a SavedModel tells nothing."""
        functions = self._tf.saved_model.load(path).signatures
        signatures = {
            key: {
                name: _describe(spec.shape, spec.dtype.name)
                for name, spec in function.structured_input_signature[1].items()
            }
            for key, function in functions.items()
        }
        if not signatures:
            raise ValueError("the SavedModel has no signature")
        return {"signatures": signatures, "weights": None}

    def open(self, path, signature, inputs):
        model = self._tf.saved_model.load(path)
        function = model.signatures[signature]

        # The function does not keep the variables alive, so hold the model.
        def call(inputs, model=model):
            tensors = {k: self._tf.constant(x) for k, x in inputs.items()}
            return [x.numpy() for x in function(**tensors).values()]

        return call


class Torch:
    """`torch.compile` of a folder of `export.benchmark.layer_list`."""

    def __init__(self, threads):
        import torch

        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        self._torch = torch

    def open(self, path, signature, inputs):
        """Compiles too, which PyTorch would put off until the first call."""
        from export.benchmark.torch_network import TorchNetwork

        network = TorchNetwork(path).eval()
        compiled = self._torch.compile(network)

        def call(inputs):
            arrays = [inputs[name] for name in network.input_names]
            with self._torch.no_grad():
                outputs = compiled(*map(self._torch.from_numpy, arrays))
            return [outputs.numpy()]

        call(inputs)
        return call


class OnnxRuntime:
    """.onnx files on the CPU, all graph optimisations on."""

    def __init__(self, threads):
        import onnxruntime

        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads
        self._options.inter_op_num_threads = 1
        self._onnxruntime = onnxruntime

    def open(self, path, signature, inputs):
        session = self._onnxruntime.InferenceSession(
            os.fspath(path), self._options, providers=["CPUExecutionProvider"]
        )
        return lambda inputs: session.run(None, inputs)


def _describe(shape, dtype):
    import numpy as np

    sizes = [-1 if size is None else int(size) for size in shape]
    if sizes and sizes[0] == -1:
        sizes[0] = 1  # A free batch; the others are left for an error.
    return {"shape": sizes, "dtype": np.dtype(dtype).name}


RUNTIMES = {
    "litert": LiteRT,
    "saved_model": TensorFlow,
    "torch": Torch,
    "onnxruntime": OnnxRuntime,
}
