"""Reads the pickles of PyTorch's files, and executes none.

A pickle is a program: Python's own reader imports what it names and calls it.
This one goes through the instructions by itself. It knows those by which
PyTorch writes tensors in dictionaries and lists, imports and calls nothing,
and stops at the first that is anything else.
"""

import collections
import dataclasses
import pickletools

import ml_dtypes
import numpy as np

from keras_gans.compat.errors import WeightsError

_DTYPES = {
    "BFloat16Storage": ml_dtypes.bfloat16,
    "BoolStorage": "?",
    "ByteStorage": "u1",
    "CharStorage": "i1",
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "IntStorage": "<i4",
    "LongStorage": "<i8",
    "ShortStorage": "<i2",
}
_STORAGES = {
    f"{module} {name}": np.dtype(dtype)
    for module in ("torch", "torch.cuda")
    for name, dtype in _DTYPES.items()
}
_DICTIONARY = "collections OrderedDict"
_TENSORS = ("torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2")
_PARAMETER = "torch._utils _rebuild_parameter"
_KNOWN = {*_STORAGES, _DICTIONARY, *_TENSORS, _PARAMETER}

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = {
    "BINFLOAT",
    "BININT",
    "BININT1",
    "BININT2",
    "BINSTRING",
    "BINUNICODE",
    "LONG1",
    "SHORT_BINSTRING",
}
_SHORT_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclasses.dataclass(frozen=True)
class Storage:
    """Numbers that lie elsewhere in the file.

    Attributes:
        dtype: `np.dtype`, of little-endian numbers.
        key: What the file calls it.
        size: Integer, how many numbers.
    """

    dtype: np.dtype
    key: str
    size: int

    @property
    def nbytes(self):
        return self.size * self.dtype.itemsize


@dataclasses.dataclass(frozen=True)
class TensorView:
    """A tensor: where its numbers are in a storage.

    Attributes:
        storage: `Storage`.
        offset: Integer, position of the first number.
        shape: Tuple of integers.
        strides: Tuple of as many integers, in numbers.
    """

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple

    def of(self, numbers):
        """The tensor as an array, which shares memory with `numbers`.

        Args:
            numbers: Array `(storage.size,)`.
        """
        itemsize = numbers.dtype.itemsize
        return np.lib.stride_tricks.as_strided(
            numbers[self.offset :],
            self.shape,
            [stride * itemsize for stride in self.strides],
            writeable=False,
        )


@dataclasses.dataclass(frozen=True)
class _Name:
    """Something that the pickle would have imported."""

    text: str


_MARK = _Name("(")


def read(file):
    """Reads one pickle and leaves `file` behind its end.

    Args:
        file: Binary file, positioned at the beginning of the pickle.

    Returns:
        What was pickled: dictionaries, lists, tuples, strings, numbers, and
        `TensorView`s in the place of tensors.

    Raises:
        WeightsError: If the pickle holds anything else, or ends too early.
    """
    machine = _Machine()
    try:
        for instruction, argument, _ in pickletools.genops(file):
            machine.step(instruction.name, argument)
        return machine.stack[-1]
    except WeightsError:
        raise
    # What `genops` and damaged instructions raise has no common class.
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise WeightsError(
            f"its pickle is truncated or damaged ({error})"
        ) from error


class _Machine:
    """The stack and the memory of a pickle, as far as tensors need them."""

    def __init__(self):
        self.stack = []
        self._memory = {}

    def step(self, name, argument):
        stack = self.stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memory[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memory[argument])
        elif name == "MARK":
            stack.append(_MARK)
        elif name in _SHORT_TUPLES:
            stack.append(tuple(self._pop(_SHORT_TUPLES[name])))
        elif name == "TUPLE":
            stack.append(tuple(self._pop_to_mark()))
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name in ("APPEND", "APPENDS"):
            many = name == "APPENDS"
            _extend(*self._pop_for(list, many, 1))
        elif name in ("SETITEM", "SETITEMS"):
            many = name == "SETITEMS"
            _update(*self._pop_for(dict, many, 2))
        elif name == "GLOBAL":
            stack.append(_admit(argument))
        elif name == "BINPERSID":
            stack.append(_storage(stack.pop()))
        elif name == "REDUCE":
            made_of = stack.pop()
            stack.append(_make(stack.pop(), made_of))
        elif name == "BUILD":
            # Of a state dictionary: the versions of its modules. Not needed.
            state = stack.pop()
            _check(type(state) is dict and type(stack[-1]) in _DICTIONARIES)
        elif name not in ("PROTO", "STOP"):
            raise WeightsError(
                f"its pickle has the instruction {name}, which PyTorch does "
                "not write for tensors"
            )

    def _pop(self, count):
        items = self.stack[len(self.stack) - count :]
        _check(len(items) == count)
        del self.stack[len(self.stack) - count :]
        return items

    def _pop_to_mark(self):
        items = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def _pop_for(self, kind, many, count):
        items = self._pop_to_mark() if many else self._pop(count)
        target = self.stack[-1]
        _check(isinstance(target, kind))
        return target, items


_DICTIONARIES = (dict, collections.OrderedDict)


def _extend(target, items):
    target.extend(items)


def _update(target, items):
    keys, values = items[::2], items[1::2]
    _check(len(keys) == len(values))
    _check(all(isinstance(key, (str, int)) for key in keys))
    target.update(zip(keys, values))


def _admit(text):
    if text not in _KNOWN:
        raise WeightsError(
            f"its pickle wants to import `{text.replace(' ', '.')}`, which is "
            "no tensor. Nothing of it was run. Only files of tensors, such as "
            "`torch.save(network.state_dict(), path)` writes, are read"
        )
    return _Name(text)


def _storage(reference):
    _check(isinstance(reference, tuple) and len(reference) in (5, 6))
    kind, name, key, _, size, *view = reference
    _check(kind == "storage" and isinstance(name, _Name))
    _check(name.text in _STORAGES and _is_count(size) and view in ([], [None]))
    return Storage(_STORAGES[name.text], str(key), size)


def _make(name, made_of):
    """What the thing of that name would have made."""
    _check(isinstance(name, _Name) and isinstance(made_of, tuple))
    if name.text == _DICTIONARY:
        _check(len(made_of) <= 1)
        result = collections.OrderedDict()
        for pair in made_of[0] if made_of else ():
            _update(result, list(pair))
        return result
    if name.text == _PARAMETER:
        _check(made_of and isinstance(made_of[0], TensorView))
        return made_of[0]
    _check(name.text in _TENSORS and len(made_of) >= 4)
    return _tensor(*made_of[:4])


def _tensor(storage, offset, shape, strides):
    _check(isinstance(storage, Storage))
    _check(isinstance(shape, tuple) and isinstance(strides, tuple))
    _check(len(shape) == len(strides) <= 8)
    _check(all(map(_is_count, (offset, *shape, *strides))))
    size = int(np.prod(shape, dtype=object))
    last = offset + sum((n - 1) * s for n, s in zip(shape, strides))
    # No more numbers than the storage has: stretched ones could fill the
    # memory out of a small file.
    _check(size <= storage.size and (size == 0 or last < storage.size))
    return TensorView(storage, offset, shape, strides)


def _is_count(value):
    return type(value) is int and value >= 0


def _check(holds):
    if not holds:
        raise WeightsError("its pickle is damaged, or not one of tensors")
