from keras_gans.prediction.image_translator import ImageTranslator

__all__ = ["ImageTranslator"]
