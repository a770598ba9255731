"""What lies beside the exported files for those who build them into programs.

`MODEL_CARD.md` says what the network is, what goes in and comes out, how the
files were proven and what nobody but the publisher can know; `snippets` holds
a program in each language. Both say what the sidecar and `parity.json` say.

Reference:

- [Mitchell et al., 2019](https://arxiv.org/abs/1810.03993), what model cards
  are for.
"""

import re

from export import snippets

CARD_NAME = "MODEL_CARD.md"
SNIPPETS_NAME = "snippets"
OWN_NAMES = (CARD_NAME, SNIPPETS_NAME)
_LONGEST = 200
# All that names and sentences need, and nothing that ends a string, a comment,
# a code span or a table's cell in any of the languages.
_UNSAFE = re.compile(r"[^\w .,:;()/+=-]|--+")
_USES = {
    "saved_model": "servers with TensorFlow, and to convert again",
    "float32": "the reference: equal to Keras but for rounding",
    "float16": "half the size; graphics processors take it as it is",
    "dynamic": "phones: about a quarter of the size, and fast where there are "
    "int8 instructions",
    "int8": "chips that calculate with whole numbers only",
}
_MEANINGS = {
    "images": "a picture",
    "latents": "noise",
    "labels": "the number of a class",
    "codes": "the code of a picture",
}


def write_model_card(folder, sidecar, parity):
    """Writes `MODEL_CARD.md` and `snippets` into an export.

    Args:
        folder: Path of the export; the two must not be there.
        sidecar: The document in `<role>.json`, of format version 3.
        parity: The document in `parity.json`.

    Raises:
        ValueError: If a name that programs call the network by has characters
            that some language gives a meaning.
        OSError: If the files cannot be written.
    """
    for name, text in render(sidecar, parity).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def render(sidecar, parity):
    """Returns a dictionary from the path of each file to its text.

    The arguments are those of `write_model_card`.
    """
    _check_names(sidecar)
    sidecar, parity = cleaned(sidecar), cleaned(parity)
    texts, reasons = snippets.render(sidecar)
    card = snippets.environment().get_template(f"{CARD_NAME}.jinja")
    text = card.render(
        sidecar=sidecar,
        parity=parity,
        rows=_tensor_rows(sidecar["signatures"]),
        formulas=_formulas(snippets.facts_of(sidecar)),
        files=_file_rows(sidecar["files"]),
        for_phones=snippets.file_for_phones(sidecar),
        programs=[
            (x.language, x.file_names(sidecar["role"]), x.runtime)
            for x in snippets.SNIPPETS
            if x.language not in reasons
        ],
        reasons=reasons,
    )
    return {CARD_NAME: text} | {
        f"{SNIPPETS_NAME}/{name}": text for name, text in texts.items()
    }


def cleaned(document):
    """Makes what is in a document harmless in Markdown, HTML and code.

    A network may have been given any name. White space becomes a space, other
    characters that any of the languages gives a meaning an underscore.

    Args:
        document: What JSON can hold.

    Returns:
        The same with other strings, those of keys included.
    """
    if isinstance(document, dict):
        return {cleaned(k): cleaned(v) for k, v in document.items()}
    if isinstance(document, list | tuple):
        return [cleaned(x) for x in document]
    if isinstance(document, str):
        return _UNSAFE.sub("_", " ".join(document.split()))[:_LONGEST]
    return document


def _check_names(sidecar):
    """Refuses names that would not be the same once they are clean."""
    names = [sidecar["role"], *(x["name"] for x in sidecar["files"])]
    for signature in sidecar["signatures"]:
        tensors = (*signature["inputs"], signature["output"])
        names += [signature["name"], *(x["name"] for x in tensors)]
    for name in names:
        if name != cleaned(name):
            raise ValueError(
                "The names of a role, file, signature, input and output must "
                "be letters, digits and simple punctuation. "
                f"Received: {name!r}."
            )


def _tensor_rows(signatures):
    """Yields a table's row for each input and output."""
    for signature in signatures:
        for tensor in signature["inputs"]:
            yield signature["name"], "in", tensor, _meaning(tensor)
        tensor = signature["output"]
        yield signature["name"], "out", tensor, _meaning(tensor)


def _meaning(tensor):
    """Says in words what a tensor holds."""
    words = [_MEANINGS.get(tensor["name"], tensor["name"])]
    if "channels" in tensor:
        words.append(f"{tensor['channels']}, {tensor['layout']}")
    if tensor.get("range"):
        words.append("{} to {}".format(*tensor["range"]))
    if tensor.get("out_of_range"):
        words.append(f"others are {tensor['out_of_range']}")
    if tensor.get("multiple_of"):
        words.append(f"sides multiples of {tensor['multiple_of']}")
    for key in ("distribution", "prior"):
        if tensor.get(key):
            words.append(f"drawn from the {tensor[key]} distribution")
    return ", ".join(words)


def _formulas(facts):
    """Yields a formula for each way between pixels and images."""
    images, output = facts["images"], facts["output"]
    if images and images["scale"]:
        yield "go in", f"images = pixels{images['scale'].from_uint8()}"
    if output["scale"]:
        scale = output["scale"]
        unscaled = f"(images{scale.shift(-1)}) * {scale.factor}"
        yield "come out", f"pixels = round(clip({unscaled}, 0, 255))"


def _file_rows(files):
    """Sums the files of a folder up; returns `(name, bytes, use)` rows."""
    sizes, formats = {}, {}
    for file in files:
        folder, slash, _ = file["name"].partition("/")
        name = folder + slash
        sizes[name] = sizes.get(name, 0) + file["bytes"]
        formats[name] = file["format"]
    return [
        (name, size, _USES.get(formats[name], formats[name]))
        for name, size in sizes.items()
    ]
