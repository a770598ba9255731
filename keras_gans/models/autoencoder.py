"""The undercomplete autoencoder (Goodfellow et al., 2016, section 14.1)."""

import math
import warnings

import keras
from keras import ops

from keras_gans.losses import squared_error
from keras_gans.models.autoencoding import AutoencodingModel


@keras.saving.register_keras_serializable(package="keras_gans")
class Autoencoder(AutoencodingModel):
    """Learns to press images through a code that is smaller than they are.

    What the narrow code can not hold is lost, and so the encoder learns what
    matters most. Both networks minimise, over the N images of a batch,

        1/N sum |x - decoder(encoder(x))|^2

    in which the norm is a sum over all pixels and channels: twice as many
    pixels, twice the loss. `mse` is the mean over them. With linear networks
    no code does better than as many principal components.

    Train it by `compile` and `fit` on batches of images `(batch, height,
    width, channels)`, float32 in [-1, 1], without labels.

    Reference:

    - [Goodfellow et al., 2016, section 14.1](https://www.deeplearningbook.org/contents/autoencoders.html)

    Args:
        encoder: Built model from images to codes, such as
            `build_dense_encoder`.
        decoder: Built model from codes to images in [-1, 1], such as
            `build_dense_decoder`.
        **kwargs: Base model keyword arguments (e.g. `name`).

    Raises:
        ValueError: If the networks' shapes do not fit each other.
    """

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        shapes = encoder.output_shape[1:], encoder.input_shape[1:]
        if any(None in shape for shape in shapes):
            return  # Fully convolutional: the sizes are those of the images.
        code_size, image_size = map(math.prod, shapes)
        if code_size >= image_size:
            warnings.warn(
                "An undercomplete autoencoder has a code of fewer numbers than "
                "its input (Goodfellow et al., 2016, section 14.1); this one "
                f"has a code of {code_size} for images of {image_size}, and "
                "may learn to copy them.",
                stacklevel=2,
            )

    def _objective(self, images, training):
        reconstructions = self(images, training=training)
        loss = ops.mean(squared_error(images, reconstructions))
        return loss, {"reconstruction_loss": loss}, reconstructions
