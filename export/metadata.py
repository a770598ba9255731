"""What a .tflite file says of itself, for whoever has nothing but the file."""

import json

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

# The name that LiteRT's `Model::Metadata`, and viewers such as Netron, find it
# by.
NAME = "keras_gans"


def add(path, document):
    """Adds a document to a .tflite file that has none.

    Args:
        path: Path of the file.
        document: Dict for JSON.
    """
    model = flatbuffer_utils.read_model_from_bytearray(path.read_bytes())
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers)
    text = schema.BufferT()
    text.data = json.dumps(document, allow_nan=False).encode()
    model.buffers.append(text)
    for buffer in model.buffers:
        if isinstance(buffer.data, bytes):  # Packed byte by byte otherwise.
            buffer.data = np.frombuffer(buffer.data, "uint8")
    model.metadata = [*(model.metadata or []), entry]
    path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def read(path):
    """Reads the document of a .tflite file.

    Args:
        path: Path of the file.

    Returns:
        The dict, or `None` if there is none.
    """
    model = flatbuffer_utils.read_model_from_bytearray(path.read_bytes())
    for entry in model.metadata or []:
        if entry.name == NAME.encode():
            return json.loads(bytes(model.buffers[entry.buffer].data))
    return None
