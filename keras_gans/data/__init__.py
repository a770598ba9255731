from keras_gans.data.augment import random_crop_and_flip
from keras_gans.data.edges import outlines
from keras_gans.data.embedded import (
    load_emoji_pairs,
    load_fashion_mnist,
    open_embedded_domains,
)
from keras_gans.data.folders import list_images, open_folder_domains
from keras_gans.data.image_set import ArrayImages, ImageFiles, ImageSet
from keras_gans.data.image_source import ImageSource
from keras_gans.data.images import ImageError, read_image
from keras_gans.data.pixels import resize, to_float, to_uint8
from keras_gans.data.sampling import derive_seed, shuffled_position
from keras_gans.data.tfds_images import open_tfds_domains
from keras_gans.data.unpaired import UnpairedPipeline, open_unpaired
from keras_gans.data.unpaired_domains import UnpairedDomains

__all__ = [
    "ArrayImages",
    "ImageError",
    "ImageFiles",
    "ImageSet",
    "ImageSource",
    "UnpairedDomains",
    "UnpairedPipeline",
    "derive_seed",
    "list_images",
    "load_emoji_pairs",
    "load_fashion_mnist",
    "open_embedded_domains",
    "open_folder_domains",
    "open_tfds_domains",
    "open_unpaired",
    "outlines",
    "random_crop_and_flip",
    "read_image",
    "resize",
    "shuffled_position",
    "to_float",
    "to_uint8",
]
