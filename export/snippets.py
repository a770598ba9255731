"""Programs that run an export, one in each language, made from its sidecar.

The runtimes that they are written for: LiteRT's Python package and its Maven
package (https://ai.google.dev/edge/litert/next/android_kotlin), its Swift
package and its C++ library (https://github.com/google-ai-edge/LiteRT) and
LiteRT.js (https://ai.google.dev/edge/litert/web).
"""

import dataclasses
import functools

import jinja2

# Who runs a .tflite file takes the first of these that there is.
_PREFERRED = ("dynamic", "float16", "float32", "int8")
# Of a picture; other numbers of channels are no pictures that programs show.
_PICTURES = (1, 3)


@dataclasses.dataclass(frozen=True)
class Snippet:
    """A program in one language.

    Args:
        language: Its name.
        runtime: The package that it needs, with the version.
        templates: Dict from the pattern of a file's name, with {role} or
            {Role}, to its template.
        takes_free_sizes: Boolean, whether it runs files whose height and width
            are free.
    """

    language: str
    runtime: str
    templates: dict
    takes_free_sizes: bool = False

    def file_names(self, role):
        """Names of the files, the one to read first at the start."""
        words = {"role": role, "Role": role.capitalize()}
        return [name.format(**words) for name in self.templates]


SNIPPETS = (
    Snippet(
        "Python",
        "ai-edge-litert 2.3",
        {"run.py": "run.py.jinja"},
        takes_free_sizes=True,
    ),
    Snippet(
        "Kotlin",
        "com.google.ai.edge.litert:litert 2.3.0",
        {"{Role}.kt": "network.kt.jinja"},
    ),
    Snippet(
        "Swift",
        "LiteRT 2.2 Swift package",
        {"{Role}.swift": "network.swift.jinja"},
    ),
    Snippet("C++", "LiteRT 2.2 C++", {"{role}.cc": "network.cc.jinja"}),
    Snippet(
        "JavaScript",
        "@litertjs/core 2.5.3",
        {"{role}.js": "network.js.jinja", "index.html": "index.html.jinja"},
    ),
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How numbers in a range become pixels of 0 to 255 and back.

    Args:
        low: Float, what 0 stands for.
        high: Float, what 255 stands for.
    """

    low: float
    high: float

    @property
    def factor(self):
        """What numbers are multiplied by, as a literal with a point."""
        return repr(255.0 / (self.high - self.low))

    def shift(self, sign, suffix=""):
        """A term that adds (+1) or takes away (-1) `low`; "" if that is 0."""
        value = sign * float(self.low)
        if value == 0:
            return ""
        return f" {'-' if value < 0 else '+'} {abs(value)!r}{suffix}"

    def from_uint8(self, suffix=""):
        """What follows `pixels` on the way in."""
        return f" / {self.factor}{suffix}{self.shift(1, suffix)}"


def render(sidecar):
    """Writes the programs.

    Args:
        sidecar: The document, its strings clean as of
            `export.model_card.cleaned`.

    Returns:
        Two dictionaries: from the name of each file to its text, and from the
        language of each program that cannot be written to the reason.
    """
    facts = facts_of(sidecar)
    texts, reasons = {}, {}
    for snippet in SNIPPETS:
        reason = _obstacle(snippet, facts)
        if reason:
            reasons[snippet.language] = reason
            continue
        names = snippet.file_names(sidecar["role"])
        for name, template in zip(names, snippet.templates.values()):
            text = environment().get_template(template).render(facts)
            texts[name] = text
    return texts, reasons


def file_for_phones(sidecar):
    """Returns the name of the .tflite file that programs run, or `None`."""
    by_format = {
        x["format"]: x["name"]
        for x in reversed(sidecar["files"])
        if x["name"].endswith(".tflite")
    }
    known = [by_format[x] for x in _PREFERRED if x in by_format]
    return next(iter([*known, *by_format.values()]), None)


def facts_of(sidecar):
    """Returns what templates need of a sidecar, as a dictionary."""
    signatures = sidecar["signatures"]
    first = signatures[0]
    inputs = {x["name"]: _described(x) for x in first["inputs"]}
    shapes = [x["shape"] for x in (*first["inputs"], first["output"])]
    return {
        "role": sidecar["role"],
        "network": sidecar["network"],
        "version": sidecar["versions"]["keras_gans"],
        "model": file_for_phones(sidecar),
        "signatures": signatures,
        "inputs": inputs,
        "output": _described(first["output"]),
        "images": inputs.get("images"),
        "latents": inputs.get("latents"),
        "labels": inputs.get("labels"),
        "codes": inputs.get("codes"),
        "is_free": any(None in shape for shape in shapes),
    }


def _described(tensor):
    """Adds `num_channels` and `scale` to what a sidecar says of a tensor.

    Both are `None` if there are no pixels to turn into other numbers.
    """
    if tensor["name"] != "images":
        return tensor | {"num_channels": None, "scale": None}
    scale = None if tensor["dtype"] == "uint8" else Scale(*tensor["range"])
    return tensor | {"num_channels": tensor["shape"][-1], "scale": scale}


def _obstacle(snippet, facts):
    """Says why there is no such program; `None` if there is one."""
    if facts["model"] is None:
        return "there is no .tflite file"
    for tensor in (facts["images"], facts["output"]):
        if tensor and tensor["num_channels"] not in (None, *_PICTURES):
            return f"{tensor['num_channels']} channels are no picture"
    if facts["is_free"] and not snippet.takes_free_sizes:
        return "it runs files of fixed sizes only: export with named sizes"
    return None


@functools.cache
def environment():
    """The templates; what they are given is clean, so nothing is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("export"),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
