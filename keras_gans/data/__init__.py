from keras_gans.data.binarization import binarize
from keras_gans.data.class_folders import open_folder_images
from keras_gans.data.edge_images import EdgeImages
from keras_gans.data.edges import outlines
from keras_gans.data.embedded import (
    load_emoji_pairs,
    load_fashion_mnist,
    open_embedded_domains,
    open_embedded_images,
    open_embedded_pairs,
)
from keras_gans.data.folders import list_images, open_folder_domains
from keras_gans.data.idx_images import open_idx_images
from keras_gans.data.image_pipeline import ImagePipeline
from keras_gans.data.image_set import ArrayImages, ImageFiles, ImageSet
from keras_gans.data.image_source import ImageSource
from keras_gans.data.image_views import HalfImages
from keras_gans.data.image_writer import PNG_CHANNELS, write_npy, write_png
from keras_gans.data.images import ImageError, read_image
from keras_gans.data.label_maps import LabelMaps, looks_like_label_map
from keras_gans.data.labelled import open_images
from keras_gans.data.labelled_images import LabelledImages
from keras_gans.data.mixtures import (
    MIXTURES,
    GaussianMixture,
    MixturePipeline,
    open_mixture,
)
from keras_gans.data.paired import (
    DIRECTIONS,
    INPUT_RESIZES,
    PairedPipeline,
    open_paired,
)
from keras_gans.data.paired_folders import open_folder_pairs
from keras_gans.data.paired_images import PairedImages
from keras_gans.data.picture_cache import CACHE_MODES
from keras_gans.data.pixels import resize, to_float, to_uint8, to_uint16
from keras_gans.data.sampling import derive_seed, shuffled_positions, spread
from keras_gans.data.survey import Survey, survey_images
from keras_gans.data.tfds_images import (
    open_tfds_domains,
    open_tfds_images,
    open_tfds_pairs,
)
from keras_gans.data.unpaired import UnpairedPipeline, open_unpaired
from keras_gans.data.unpaired_domains import UnpairedDomains

__all__ = [
    "CACHE_MODES",
    "DIRECTIONS",
    "INPUT_RESIZES",
    "MIXTURES",
    "PNG_CHANNELS",
    "ArrayImages",
    "EdgeImages",
    "GaussianMixture",
    "HalfImages",
    "ImageError",
    "ImageFiles",
    "ImagePipeline",
    "ImageSet",
    "ImageSource",
    "LabelMaps",
    "LabelledImages",
    "MixturePipeline",
    "PairedImages",
    "PairedPipeline",
    "Survey",
    "UnpairedDomains",
    "UnpairedPipeline",
    "binarize",
    "derive_seed",
    "list_images",
    "load_emoji_pairs",
    "load_fashion_mnist",
    "looks_like_label_map",
    "open_embedded_domains",
    "open_embedded_images",
    "open_embedded_pairs",
    "open_folder_domains",
    "open_folder_images",
    "open_folder_pairs",
    "open_idx_images",
    "open_images",
    "open_mixture",
    "open_paired",
    "open_tfds_domains",
    "open_tfds_images",
    "open_tfds_pairs",
    "open_unpaired",
    "outlines",
    "read_image",
    "resize",
    "shuffled_positions",
    "spread",
    "survey_images",
    "to_float",
    "to_uint8",
    "to_uint16",
    "write_npy",
    "write_png",
]
