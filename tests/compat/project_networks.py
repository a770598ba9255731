"""Networks with the module names of pytorch-CycleGAN-and-pix2pix.

Written from the description of its networks; the names of the tensors are all
that matters. `norm` makes a norm from a number of channels. With `use_bias`,
convolutions before a norm have a bias, as that project has it for instance
norms without weights.
"""

import torch
from torch import nn


class ResnetGenerator(nn.Module):
    def __init__(self, filters, num_blocks, norm, use_bias, dropout=False):
        super().__init__()
        f = filters
        parts = [nn.ReflectionPad2d(3), nn.Conv2d(3, f, 7, bias=use_bias)]
        parts += [norm(f), nn.ReLU()]
        for n in (f, 2 * f):
            parts += [nn.Conv2d(n, 2 * n, 3, 2, 1, bias=use_bias)]
            parts += [norm(2 * n), nn.ReLU()]
        parts += [
            ResnetBlock(4 * f, norm, use_bias, dropout)
            for _ in range(num_blocks)
        ]
        for n in (4 * f, 2 * f):
            up = nn.ConvTranspose2d(n, n // 2, 3, 2, 1, 1, bias=use_bias)
            parts += [up, norm(n // 2), nn.ReLU()]
        parts += [nn.ReflectionPad2d(3), nn.Conv2d(f, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*parts)

    def forward(self, images):
        return self.model(images)


class ResnetBlock(nn.Module):
    def __init__(self, width, norm, use_bias, dropout):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=use_bias),
            norm(width),
            nn.ReLU(),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=use_bias),
            norm(width),
        )

    def forward(self, x):
        return x + self.conv_block(x)


class UnetGenerator(nn.Module):
    def __init__(self, filters, num_levels, norm, use_bias):
        super().__init__()
        widths = [filters * min(2**i, 8) for i in range(num_levels)]
        block = None
        for level in reversed(range(num_levels)):
            block = UnetBlock(widths, level, block, norm, use_bias)
        self.model = block

    def forward(self, images):
        return self.model(images)


class UnetBlock(nn.Module):
    """One level around that below, which it joins with what came in."""

    def __init__(self, widths, level, below, norm, use_bias):
        super().__init__()
        self.is_outermost = level == 0
        width = widths[level]
        outside = 3 if self.is_outermost else widths[level - 1]
        down = nn.Conv2d(outside, width, 4, 2, 1, bias=use_bias)
        inputs = 2 * width if below else width
        up = nn.ConvTranspose2d(
            inputs, outside, 4, 2, 1, bias=use_bias or self.is_outermost
        )
        if self.is_outermost:
            parts = [down, below, nn.ReLU(), up, nn.Tanh()]
        elif below is None:
            parts = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, norm(outside)]
        else:
            parts = [nn.LeakyReLU(0.2), down, norm(width), below]
            parts += [nn.ReLU(), up, norm(outside), nn.Dropout(0.5)]
        self.model = nn.Sequential(*parts)

    def forward(self, x):
        if self.is_outermost:
            return self.model(x)
        return torch.cat([x, self.model(x)], 1)


class NLayerDiscriminator(nn.Module):
    def __init__(self, filters, num_layers, norm, use_bias):
        super().__init__()
        parts = [nn.Conv2d(3, filters, 4, 2, 1), nn.LeakyReLU(0.2)]
        width = filters
        for i in range(1, num_layers + 1):
            inputs, width = width, filters * min(2**i, 8)
            strides = 2 if i < num_layers else 1
            parts += [
                nn.Conv2d(inputs, width, 4, strides, 1, bias=use_bias),
                norm(width),
                nn.LeakyReLU(0.2),
            ]
        self.model = nn.Sequential(*parts, nn.Conv2d(width, 1, 4, 1, 1))

    def forward(self, images):
        return self.model(images)


class PixelDiscriminator(nn.Module):
    def __init__(self, filters, norm, use_bias):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, filters, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(filters, 2 * filters, 1, bias=use_bias),
            norm(2 * filters),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * filters, 1, 1, bias=use_bias),
        )

    def forward(self, images):
        return self.net(images)
