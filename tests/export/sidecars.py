"""Documents as exports have them: sidecars and records of their parity."""

CHANNELS = {1: "grey", 3: "RGB"}
VERSIONS = {
    "keras_gans": "0.1.0",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "ai-edge-litert": "2.3.0",
}


def images(shape, dtype="float32", value_range=(-1, 1), is_output=False):
    tensor = {
        "name": "images",
        "shape": list(shape),
        "dtype": dtype,
        "range": [0, 255] if dtype == "uint8" else list(value_range),
        "layout": "NHWC",
        "channels": CHANNELS.get(shape[-1], f"{shape[-1]} channels"),
    }
    if None in shape:
        tensor["multiple_of"] = 4
    if dtype == "float32" and is_output:
        tensor["to_uint8"] = (
            "pixels = round(clip((images + 1) * 127.5, 0, 255))"
        )
    elif dtype == "float32":
        tensor["from_uint8"] = "images = pixels / 127.5 - 1"
    return tensor


def latents(size):
    return {
        "name": "latents",
        "shape": [1, size],
        "dtype": "float32",
        "distribution": "standard normal",
    }


def labels(num_classes=None):
    if num_classes is None:
        described = {"range": None, "out_of_range": "undefined"}
    else:
        described = {
            "range": [0, num_classes - 1],
            "out_of_range": "taken as the nearest label in range",
        }
    return {"name": "labels", "shape": [1], "dtype": "int32"} | described


def codes(size, prior=None, is_output=False):
    tensor = {
        "name": "codes",
        "shape": [1, size],
        "dtype": "float32",
        "range": None,
    }
    return tensor if is_output else tensor | {"prior": prior}


def signature(inputs, output, name="serving_default"):
    return {"name": name, "inputs": inputs, "output": output}


def sidecar(*signatures, role="generator", network=None, formats=("float32",)):
    """The document beside an export whose files are `{role}_{format}.tflite`.

    Args:
        *signatures: Documents of `signature`.
        role: "generator", "encoder" or "decoder".
        network: The network's name. Default: the role.
        formats: Names of formats; of a SavedModel there are two files.
    """
    names = []
    for name in formats:
        if name == "saved_model":
            names += [(name, "saved_model/saved_model.pb")]
            names += [(name, "saved_model/variables/variables.index")]
        else:
            names += [(name, f"{role}_{name}.tflite")]
    return {
        "format_version": 3,
        "network": network or role,
        "role": role,
        "step": 1200,
        "parameters": 11378179,
        "mode": None,
        "versions": VERSIONS,
        "signatures": list(signatures),
        "files": [
            {
                "name": name,
                "format": x,
                "bytes": 4096,
                "sha256": "0" * 64,
                "rewrites": {},
            }
            for x, name in names
        ],
        "parity": "parity.json",
    }


def parity(document, **figures):
    """A record in which each file passed, with the same figures."""
    figures = {
        "max_difference": 3.1e-6,
        "mean_difference": 1.0e-7,
        "psnr_db": 105.8,
        "operators": {"CONV_2D": 21, "ADD": 9},
        "partitions": 1,
    } | figures
    files = {x["name"].partition("/")[0]: x for x in document["files"]}
    return {
        "format_version": 3,
        "network": document["network"],
        "step": document["step"],
        "versions": VERSIONS,
        "inputs": {
            "source": "samples/inputs.npz",
            "shapes": [{"images": [8, 256, 256, 3]}],
        },
        "output": {"name": "images", "scale": 1.0},
        "files": [
            {
                "name": name,
                "format": file["format"],
                "bytes": file["bytes"],
                "passed": True,
                "problems": [],
                "bounds": {"max_difference": 1e-3, "min_psnr_db": None},
                "figures": figures,
            }
            for name, file in files.items()
        ],
    }


def picture_to_picture(shape, **kwargs):
    return signature(
        [images(shape, **kwargs)], images(shape, is_output=True, **kwargs)
    )


GREY, COLOUR = (1, 28, 20, 1), (1, 48, 64, 3)
# One of each role, and of each kind of input and output.
ALL = {
    "translator": sidecar(picture_to_picture(COLOUR), network="generator_ab"),
    "uint8": sidecar(picture_to_picture(COLOUR, dtype="uint8")),
    "sizes": sidecar(
        picture_to_picture((1, 128, 128, 3)) | {"name": "128x128"},
        picture_to_picture((1, 256, 384, 3)) | {"name": "256x384"},
    ),
    "colouriser": sidecar(
        signature([images((*COLOUR[:3], 1))], images(COLOUR, is_output=True))
    ),
    "latents": sidecar(
        signature([latents(100)], images(COLOUR, is_output=True))
    ),
    "labels": sidecar(
        signature([latents(64), labels(7)], images(GREY, is_output=True))
    ),
    "any_label": sidecar(
        signature([latents(64), labels()], images(GREY, is_output=True))
    ),
    "encoder": sidecar(
        signature([images(GREY)], codes(32, is_output=True)), role="encoder"
    ),
    "decoder": sidecar(
        signature([codes(32)], images(GREY, is_output=True)), role="decoder"
    ),
    "sampler": sidecar(
        signature([codes(32, "standard normal")], images(GREY, is_output=True)),
        role="decoder",
    ),
}
