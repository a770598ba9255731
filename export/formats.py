"""The table of formats: how each is made, and how near to Keras it must be.

Seen on untrained ResNet generators, 64x64 with 8 filters and 2 blocks, and
256x256 with 64 filters and 9 blocks, on noise, smooth and emoji pictures:
saved_model 0; float32 2e-6 to 9e-5 (over 100 dB); float16 75 to 78 dB at 64x64.
On DCGAN generators after a few steps of training, 64x64 and conditional 28x28:
float32 1e-6, float16 83 to 88 dB.
On dense and convolutional autoencoders with 32 numbers in a code, 28x28 and
64x64, after five steps: float32 1e-6 (over 130 dB), float16 81 to 91 dB, of
codes and of images.
The bounds leave a factor of ten. Emoji at 256x256, large and flat, are the
exception: there Keras is up to 3e-3 from the float64 answer, float32 1e-2 and
60 dB, float16 59 dB. That is what `Bounds.loosened` is for.
"""

import dataclasses
from collections.abc import Callable

from export import convert
from export.rewrites import names as rewrite_names


@dataclasses.dataclass(frozen=True)
class Bounds:
    """How near to Keras a file must be.

    The first two are in units of `export.network.scale_of`, 1 for images.

    Args:
        max_difference: Largest absolute difference, or `None`.
        min_psnr_db: Smallest PSNR of the worst output in dB, or `None`.
        min_ssim: Smallest SSIM of the worst image, or `None`. Codes have none.
    """

    max_difference: float | None = None
    min_psnr_db: float | None = None
    min_ssim: float | None = None

    def problems(self, figures):
        """Yields a sentence for each figure that is out of bounds."""
        difference, psnr_db = figures["max_difference"], figures["psnr_db"]
        bound = self.max_difference
        if bound is not None and difference > bound:
            yield (
                f"max difference {difference:.1e} from Keras is over the "
                f"bound of {bound:.1e}"
            )
        bound = self.min_psnr_db
        if bound is not None and psnr_db < bound:
            yield (
                f"PSNR {psnr_db:.1f} dB against Keras is under the bound of "
                f"{bound:.1f} dB"
            )
        bound, ssim = self.min_ssim, figures.get("ssim")
        if None not in (bound, ssim) and ssim < bound:
            yield (
                f"SSIM {ssim:.4f} against Keras is under the bound of "
                f"{bound:.4f}"
            )

    def for_pixels(self):
        """Allows what rounding to 8 bits can make of a difference.

        A difference of next to nothing may round a pixel to the next level.
        The PSNR of 54 dB is that of one pixel in four, one level off.

        Returns:
            `Bounds`.
        """
        difference, psnr_db = self.max_difference, self.min_psnr_db
        if difference is not None:
            difference += _LEVEL
        if psnr_db is not None:
            psnr_db = min(psnr_db, 54.0)
        return dataclasses.replace(
            self, max_difference=difference, min_psnr_db=psnr_db
        )

    def loosened(self, rounding):
        """Allows ten times the rounding error that Keras itself has.

        Args:
            rounding: Figures of `export.precision.rounding_figures`.

        Returns:
            `Bounds`, never tighter than these, never looser than `LOOSEST`.
        """
        difference, psnr_db = self.max_difference, self.min_psnr_db
        if difference is not None:
            difference = max(difference, 10 * rounding["max_difference"])
            difference = min(difference, LOOSEST.max_difference)
        if psnr_db is not None:
            loosest = min(psnr_db, LOOSEST.min_psnr_db)
            psnr_db = min(psnr_db, rounding["psnr_db"] - 20.0)
            psnr_db = max(psnr_db, loosest)
        return dataclasses.replace(
            self, max_difference=difference, min_psnr_db=psnr_db
        )


# Between one of 256 levels and the next, in [-1, 1].
_LEVEL = 1 / 127.5
# Six grey levels in one pixel: beyond it no network's rounding is an excuse.
LOOSEST = Bounds(max_difference=0.05, min_psnr_db=45.0)

# What computes with larger numbers for fewer multiplications, and keeps two
# kernels for one: float16 is for small files, and would lose 4 dB; integers
# multiply as fast as they are, and would lose by the ranges.
_SMALL_REWRITES = tuple(
    name for name in rewrite_names.NAMES if name != "winograd_convolution"
)


@dataclasses.dataclass(frozen=True)
class Format:
    """One kind of file.

    Args:
        pattern: Name of the file, or folder, inside an export, with {} for
            the network's role.
        convert: Function of an `export.convert.SavedModel` and the target path.
        runtime: What opens the file: "saved_model" or "litert".
        bytes_per_weight: Bytes that one number of a kernel takes.
        bounds: `Bounds` for networks that do not magnify rounding.
        rewrites: Names of the rewrites that make the file faster.
    """

    pattern: str
    convert: Callable
    runtime: str
    bytes_per_weight: int
    bounds: Bounds
    rewrites: tuple = ()

    def file_name(self, role):
        """Returns the name for a role of `export.signature.OUTPUTS`."""
        return self.pattern.format(role)


FORMATS = {
    "saved_model": Format(
        pattern="saved_model",
        convert=convert.copy_saved_model,
        runtime="saved_model",
        bytes_per_weight=4,
        bounds=Bounds(max_difference=1e-5),
    ),
    "float32": Format(
        pattern="{}_float32.tflite",
        convert=convert.convert_to_float32,
        runtime="litert",
        bytes_per_weight=4,
        bounds=Bounds(max_difference=1e-4, min_ssim=0.9999),
        rewrites=rewrite_names.NAMES,
    ),
    "float16": Format(
        pattern="{}_float16.tflite",
        convert=convert.convert_to_float16,
        runtime="litert",
        bytes_per_weight=2,
        bounds=Bounds(min_psnr_db=60.0, min_ssim=0.999),
        rewrites=_SMALL_REWRITES,
    ),
    "dynamic": Format(
        pattern="{}_dynamic.tflite",
        convert=convert.convert_to_dynamic,
        runtime="litert",
        bytes_per_weight=1,
        bounds=Bounds(min_psnr_db=35.0, min_ssim=0.95),
        rewrites=_SMALL_REWRITES,
    ),
    "int8": Format(
        pattern="{}_int8.tflite",
        convert=convert.convert_to_int8,
        runtime="litert",
        bytes_per_weight=1,
        bounds=Bounds(min_psnr_db=30.0, min_ssim=0.9),
        rewrites=_SMALL_REWRITES,
    ),
}
# What is written unless somebody asks for others.
DEFAULT = tuple(name for name in FORMATS if name != "int8")
# Convolutions that the dynamic format can leave in float32.
ENDS = ("first", "last")
