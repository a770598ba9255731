"""Networks of the papers in PyTorch: channels first, as its users write them.

Activations work in place where their input is not needed again, as in the
authors' code, which saves memory. `norm` makes a norm from a number of
channels, such as `torch.nn.BatchNorm2d`.
"""

import torch
from torch import nn


def resnet_generator(
    filters=64, num_residual_blocks=9, norm=nn.InstanceNorm2d, use_bias=True
):
    """CycleGAN's generator (Zhu et al., 2017, appendix 7.2).

    Args:
        filters: Integer, width of the first convolution.
        num_residual_blocks: Integer >= 0.
        norm: Function that makes a norm.
        use_bias: Boolean, whether convolutions before a norm have a bias.

    Returns:
        A module from images `(batch, 3, height, width)` to images.
    """

    def down(inputs, outputs):
        conv = nn.Conv2d(inputs, outputs, 3, 2, 1, bias=use_bias)
        return [conv, norm(outputs), nn.ReLU(inplace=True)]

    def up(inputs, outputs):
        conv = nn.ConvTranspose2d(
            inputs, outputs, 3, 2, 1, output_padding=1, bias=use_bias
        )
        return [conv, norm(outputs), nn.ReLU(inplace=True)]

    f = filters
    return nn.Sequential(
        nn.ReflectionPad2d(3),
        nn.Conv2d(3, f, 7, bias=use_bias),
        norm(f),
        nn.ReLU(inplace=True),
        *down(f, 2 * f),
        *down(2 * f, 4 * f),
        *[
            _ResidualBlock(4 * f, norm, use_bias)
            for _ in range(num_residual_blocks)
        ],
        *up(4 * f, 2 * f),
        *up(2 * f, f),
        nn.ReflectionPad2d(3),
        nn.Conv2d(f, 3, 7),
        nn.Tanh(),
    )


class _ResidualBlock(nn.Module):
    def __init__(self, width, norm, use_bias):
        super().__init__()
        self.branch = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=use_bias),
            norm(width),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=use_bias),
            norm(width),
        )

    def forward(self, x):
        return x + self.branch(x)


def patchgan_discriminator(
    channels=3, filters=64, norm=nn.InstanceNorm2d, use_bias=True, padding=1
):
    """The 70x70 PatchGAN (Isola et al., 2017, appendix 6.1.2).

    Args:
        channels: Integer, of the images; for pix2pix, of input and target.
        filters: Integer, width of the first convolution.
        norm: Function that makes a norm.
        use_bias: Boolean, whether convolutions before a norm have a bias.
        padding: Integer, of every convolution.

    Returns:
        A module from images `(batch, channels, height, width)` to logits
        `(batch, 1, rows, columns)`.
    """
    parts = [
        nn.Conv2d(channels, filters, 4, 2, padding),
        nn.LeakyReLU(0.2, inplace=True),
    ]
    for factor, strides in ((2, 2), (4, 2), (8, 1)):
        inputs, outputs = filters * factor // 2, filters * factor
        parts += [
            nn.Conv2d(inputs, outputs, 4, strides, padding, bias=use_bias),
            norm(outputs),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    return nn.Sequential(*parts, nn.Conv2d(8 * filters, 1, 4, 1, padding))


def unet_generator(
    filters=64, num_levels=8, norm=nn.BatchNorm2d, use_bias=False, dropout=0.5
):
    """pix2pix's generator (Isola et al., 2017, appendix 6.1.1).

    Args:
        filters: Integer, width of the first convolution; each one after it is
            twice as wide, up to 8 times the first.
        num_levels: Integer >= 2, convolutions of stride 2.
        norm: Function that makes a norm.
        use_bias: Boolean, whether convolutions other than the last have one.
        dropout: Float, rate after the first three up-samplings; 0 for none.

    Returns:
        A module from images `(batch, 3, height, width)` to images.
    """
    return _UNet(filters, num_levels, norm, use_bias, dropout)


class _UNet(nn.Module):
    def __init__(self, filters, num_levels, norm, use_bias, dropout):
        super().__init__()
        widths = [filters * min(2**i, 8) for i in range(num_levels)]
        first = nn.Conv2d(3, widths[0], 4, 2, 1, bias=use_bias)
        self.downs = nn.ModuleList([first])
        for i in range(1, num_levels):
            parts = [
                # In place, and so on the skip, which goes through a ReLU
                # anyway: of that, this changes nothing.
                nn.LeakyReLU(0.2, inplace=True),
                nn.Conv2d(widths[i - 1], widths[i], 4, 2, 1, bias=use_bias),
            ]
            if i < num_levels - 1:
                parts.append(norm(widths[i]))
            self.downs.append(nn.Sequential(*parts))
        self.ups = nn.ModuleList()
        inputs = widths[-1]
        for i, outputs in enumerate(reversed(widths[:-1]), start=1):
            parts = [
                nn.ReLU(inplace=True),
                nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=use_bias),
                norm(outputs),
            ]
            if dropout and i <= 3:
                parts.append(nn.Dropout(dropout))
            self.ups.append(nn.Sequential(*parts))
            inputs = 2 * outputs  # With the skip.
        self.head = nn.Sequential(
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(2 * widths[0], 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, x):
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
        skips.pop()
        for up in self.ups:
            x = torch.cat([skips.pop(), up(x)], dim=1)
        return self.head(x)


def dcgan_generator(latent_dim=100, filters=64):
    """The 64x64 generator of Radford et al. (2016).

    Args:
        latent_dim: Integer.
        filters: Integer, width of the last hidden layer.

    Returns:
        A module from noise `(batch, latent_dim, 1, 1)` to images `(batch, 3,
        64, 64)`.
    """

    def up(inputs, outputs, *geometry):
        return [
            nn.ConvTranspose2d(inputs, outputs, *geometry, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]

    f = filters
    return nn.Sequential(
        *up(latent_dim, 8 * f, 4, 1, 0),
        *up(8 * f, 4 * f, 4, 2, 1),
        *up(4 * f, 2 * f, 4, 2, 1),
        *up(2 * f, f, 4, 2, 1),
        nn.ConvTranspose2d(f, 3, 4, 2, 1, bias=False),
        nn.Tanh(),
    )


def dcgan_discriminator(filters=64):
    """The 64x64 discriminator of Radford et al. (2016).

    Args:
        filters: Integer, width of the first convolution.

    Returns:
        A module from images `(batch, 3, 64, 64)` to logits `(batch, 1, 1, 1)`.
    """

    def down(inputs, outputs):
        return [
            nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(0.2, inplace=True),
        ]

    f = filters
    return nn.Sequential(
        nn.Conv2d(3, f, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
        *down(f, 2 * f),
        *down(2 * f, 4 * f),
        *down(4 * f, 8 * f),
        nn.Conv2d(8 * f, 1, 4, 1, 0, bias=False),
    )


def vae_encoder(code_dim, side=28):
    """The package's convolutional encoder, of grey pictures.

    Args:
        code_dim: Integer, numbers in a code.
        side: Integer, height and width, a multiple of 4.

    Returns:
        A module from images `(batch, 1, side, side)` to mean and logarithm of
        the variance, both `(batch, code_dim)`.
    """
    return _Encoder(code_dim, (64, side // 4, side // 4))


class _Encoder(nn.Module):
    def __init__(self, code_dim, maps):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 64, 4, 2, 1),
            nn.ReLU(inplace=True),
            nn.Flatten(),
        )
        # Keras sorts the outputs of a network, and so their layers, by name.
        self.log_variance = LinearOfMaps(maps, code_dim)
        self.mean = LinearOfMaps(maps, code_dim)

    def forward(self, images):
        x = self.features(images)
        return self.mean(x), self.log_variance(x)


def vae_decoder(code_dim, side=28):
    """The package's convolutional decoder, to logits of grey pictures.

    Args:
        code_dim: Integer, numbers in a code.
        side: Integer, height and width, a multiple of 4.

    Returns:
        A module from codes `(batch, code_dim)` to `(batch, 1, side, side)`.
    """
    maps = (64, side // 4, side // 4)
    return nn.Sequential(
        LinearToMaps(code_dim, maps),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, maps),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(32, 1, 4, 2, 1),
    )


class LinearOfMaps(nn.Linear):
    """Of flat feature maps, whose order differs from that of Keras.

    Args:
        maps: Their `(channels, height, width)` before they were flattened.
        outputs: Integer.
    """

    def __init__(self, maps, outputs):
        super().__init__(_size(maps), outputs)
        self.maps = maps


class LinearToMaps(nn.Linear):
    """To flat feature maps, whose order differs from that of Keras.

    Args:
        inputs: Integer.
        maps: Their `(channels, height, width)` after they are unflattened.
    """

    def __init__(self, inputs, maps):
        super().__init__(inputs, _size(maps))
        self.maps = maps


def _size(maps):
    channels, height, width = maps
    return channels * height * width
