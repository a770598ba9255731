"""Where the time of a .tflite file goes, by the runtime's own profiler.

The Python interface of LiteRT has no profiler, but the C library beside it
has, and it also tells the operators inside of XNNPACK, which the interpreter
sees as one. It is called here through its C interface, in a process of its
own: `python -m export.benchmark.operator_profile` reads a question a line.
"""

import ctypes
import json
import os
import re
import sys
from pathlib import Path

import numpy as np

from export.benchmark.worker import draw
from export.errors import one_line

_HOST = 1  # kLiteRtHwAcceleratorCpu
_WRITE = 1  # kLiteRtTensorBufferLockModeWrite
# LiteRtElementType
_ELEMENT_TYPES = {
    "float32": 1,
    "int32": 2,
    "uint8": 3,
    "int64": 4,
    "int8": 9,
}
_LARGEST_RANK = 8
# A line of the summary: name, count, milliseconds, two per cents, KB, calls.
_LINE = re.compile(
    r"^\s*(\S.*?)\s+(\d+)\s+([\d.]+)\s+([\d.]+)%\s+[\d.]+%\s+[\d.]+\s+\d+\s*$"
)


class _TensorType(ctypes.Structure):
    """LiteRtRankedTensorType, without strides."""

    _fields_ = [
        ("element_type", ctypes.c_int),
        ("rank", ctypes.c_uint),
        ("dimensions", ctypes.c_int32 * _LARGEST_RANK),
        ("strides", ctypes.c_uint32 * _LARGEST_RANK),
    ]


class _Profiled:
    """A file that is open in LiteRT's C library, with the profiler on."""

    def __init__(self, path):
        import ai_edge_litert

        folder = Path(ai_edge_litert.__file__).parent
        self._library = ctypes.CDLL(str(folder / "libLiteRt.so"))
        self._kept = []  # What the library points to, but does not own.
        self._environment = self._make("CreateEnvironment", 0, None)
        model = self._make(
            "CreateModelFromFile", self._environment, os.fsencode(path)
        )
        options = self._make("CreateOptions")
        self._call("SetOptionsHardwareAccelerators", options, _HOST)
        self._set(
            options, b"runtime_options_string", b"enable_profiling = true"
        )
        self._set(options, b"xnnpack", b"num_threads = 1")
        self._model = self._make(
            "CreateCompiledModel", self._environment, model, options
        )

    def run(self, index, inputs, outputs, repetitions):
        """Returns the summary of some calls, as text for people."""
        index = ctypes.c_size_t(index)
        buffers = [
            [self._buffer(kind, index, i, spec) for i, spec in enumerate(specs)]
            for kind, specs in (("Input", inputs), ("Output", outputs))
        ]
        arguments = []
        for group in buffers:
            arguments.append(ctypes.c_size_t(len(group)))
            arguments.append((ctypes.c_void_p * len(group))(*group))
        profiler = self._make("CompiledModelGetProfiler", self._model)
        self._call("RunCompiledModel", self._model, index, *arguments)
        self._call("StartProfiler", profiler)
        for _ in range(repetitions):
            self._call("RunCompiledModel", self._model, index, *arguments)
        self._call("StopProfiler", profiler)
        summary = self._make(
            "GetProfileSummary", profiler, self._model, kind=ctypes.c_char_p
        )
        return summary.value.decode()

    def _buffer(self, kind, index, i, spec):
        requirements = self._make(
            f"GetCompiledModel{kind}BufferRequirements",
            self._model,
            index,
            ctypes.c_size_t(i),
        )
        shape = spec["shape"]
        tensor_type = _TensorType(_ELEMENT_TYPES[spec["dtype"]], len(shape))
        tensor_type.dimensions[: len(shape)] = shape
        buffer = self._make(
            "CreateManagedTensorBufferFromRequirements",
            self._environment,
            ctypes.byref(tensor_type),
            requirements,
        )
        if kind == "Input":
            array = np.ascontiguousarray(spec["array"])
            address = ctypes.c_void_p()
            self._call(
                "LockTensorBuffer", buffer, ctypes.byref(address), _WRITE
            )
            ctypes.memmove(address, array.ctypes.data, array.nbytes)
            self._call("UnlockTensorBuffer", buffer)
        return buffer

    def _set(self, options, name, text):
        """Adds settings, which the library reads as lines of TOML."""
        text = ctypes.create_string_buffer(text + b"\n")
        keep = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda address: None)
        self._kept += [text, keep]
        address = ctypes.cast(text, ctypes.c_void_p)
        opaque = self._make("CreateOpaqueOptions", name, address, keep)
        self._call("AddOpaqueOptions", options, opaque)

    def _make(self, name, *arguments, kind=ctypes.c_void_p):
        """Calls a function that writes its answer to its last argument."""
        answer = kind()
        self._call(name, *arguments, ctypes.byref(answer))
        return answer

    def _call(self, name, *arguments):
        status = getattr(self._library, f"LiteRt{name}")(*arguments)
        if status:
            raise OSError(f"LiteRt{name} returned {status}")


def profile(path, signature, repetitions):
    """Profiles one function of a file at 1 thread.

    Args:
        path: Path of a .tflite file.
        signature: Name of the function.
        repetitions: Integer, number of calls.

    Returns:
        List of dicts, the slowest kind of operator first: `operator`, `count`
        in the file, `milliseconds` in a call of all together, `share` in
        [0, 1].
    """
    from ai_edge_litert.compiled_model import CompiledModel

    model = CompiledModel.from_file(str(path))
    index = model.get_signature_index(signature)
    names = model.get_signature_by_index(index)
    inputs = _specs(model.get_input_tensor_details(signature), names["inputs"])
    outputs = _specs(
        model.get_output_tensor_details(signature), names["outputs"]
    )
    arrays = draw(dict(zip(names["inputs"], inputs)))
    for name, spec in zip(names["inputs"], inputs):
        spec["array"] = arrays[name]
    return parse(_Profiled(path).run(index, inputs, outputs, repetitions))


def _specs(details, names):
    return [
        {
            "shape": [max(1, int(x)) for x in details[name]["shape"]],
            "dtype": np.dtype(details[name]["dtype"]).name,
        }
        for name in names
    ]


def parse(summary):
    """Reads the table by kinds of operators from the library's summary.

    Args:
        summary: The text.

    Returns:
        As of `profile`.

    Raises:
        ValueError: If there is no such table.
    """
    _, _, table = summary.partition("Summary by node type")
    rows = []
    for line in table.partition("\n\n")[0].splitlines():
        if match := _LINE.match(line):
            name, count, milliseconds, share = match.groups()
            rows.append(
                {
                    "operator": name.removeprefix("Delegate/"),
                    "count": int(count),
                    "milliseconds": float(milliseconds),
                    "share": round(float(share) / 100, 5),
                }
            )
    if not rows:
        raise ValueError("the runtime's profiler has no table")
    return rows


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # The library prints too.
    for line in sys.stdin:
        try:
            answer = {"profile": profile(**json.loads(line))}
        except Exception as error:  # Whatever a broken file provokes.
            answer = {"error": one_line(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
