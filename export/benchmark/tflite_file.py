"""What a .tflite file says of itself, read without running it."""

import collections
import mmap

from ai_edge_litert import schema_py_generated as schema

_DTYPES = {
    value: name.lower()
    for name, value in vars(schema.TensorType).items()
    if name.isupper()
}


def weights_dtype(path):
    """Returns the dtype that most bytes of the constants are stored in.

    Args:
        path: Path of a .tflite file.

    Returns:
        Name such as `float32`, `float16` or `int8`.
    """
    num_bytes = collections.Counter()
    with open(path, "rb") as file:
        # The weights may be large, and are not looked at.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            model = schema.Model.GetRootAs(content)
            for i in range(model.SubgraphsLength()):
                graph = model.Subgraphs(i)
                for j in range(graph.TensorsLength()):
                    tensor = graph.Tensors(j)
                    data = model.Buffers(tensor.Buffer()).DataLength()
                    num_bytes[_DTYPES[tensor.Type()]] += data
            del model, graph, tensor
    return num_bytes.most_common(1)[0][0]
