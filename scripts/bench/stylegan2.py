"""Milliseconds an image of StyleGAN2's generator in PyTorch, random weights: SIZE CHANNEL_BASE THREADS IMAGES.

Written from Karras et al. 2020 in the way its PyTorch implementations run on a CPU: weights for every sample, modulated
and demodulated, in a grouped convolution; enlarging by a transposed convolution and a filter.
"""

import math
import sys
import time

import torch
from torch.nn import functional as F

size, base, threads, images = map(int, sys.argv[1:5])
torch.set_num_threads(threads)
torch.manual_seed(0)
STYLE = 512
TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0])
FILTER = torch.outer(TAPS, TAPS) / 64


def smoothed(x, before, after):
    kernel = (4 * FILTER).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, [before, after, before, after]), kernel, groups=x.shape[1])


def doubled(x):
    n, channels, height, width = x.shape
    spread = F.pad(x.reshape(n, channels, height, 1, width, 1), [0, 1, 0, 0, 0, 1])
    return smoothed(spread.reshape(n, channels, 2 * height, 2 * width), 2, 1)


class Styled:
    def __init__(self, inputs, outputs, kernel, resolution, up=False, demodulate=True):
        self.weight = torch.randn(outputs, inputs, kernel, kernel) / math.sqrt(inputs * kernel**2)
        self.affine = torch.randn(inputs, STYLE) / math.sqrt(STYLE)
        self.bias = torch.randn(outputs) / 10
        self.noise = torch.randn(resolution, resolution) / 10
        self.up, self.demodulate = up, demodulate

    def __call__(self, x, w):
        n, inputs, height, width = x.shape
        style = torch.addmm(torch.ones(inputs), w, self.affine.t())
        weight = self.weight[None] * style[:, None, :, None, None]
        if self.demodulate:
            weight = weight * (weight.square().sum([2, 3, 4], keepdim=True) + 1e-8).rsqrt()
        outputs, kernel = self.weight.shape[0], self.weight.shape[2]
        x = x.reshape(1, n * inputs, height, width)
        if self.up:
            weight = weight.transpose(1, 2).reshape(n * inputs, outputs, kernel, kernel)
            x = smoothed(F.conv_transpose2d(x, weight, stride=2, groups=n), 1, 1)
        else:
            x = F.conv2d(x, weight.reshape(n * outputs, inputs, kernel, kernel), padding=kernel // 2, groups=n)
        x = x.reshape(n, outputs, *x.shape[2:])
        if not self.demodulate:
            return x + self.bias[:, None, None]
        return F.leaky_relu(x.add_(self.noise) + self.bias[:, None, None], 0.2) * math.sqrt(2)


mapping = [torch.randn(STYLE, STYLE) / math.sqrt(STYLE) for _ in range(8)]
sizes = [2**i for i in range(2, int(math.log2(size)) + 1)]
channels = {s: min(base // s, 512) for s in sizes}
blocks = []
for s in sizes:
    first = [] if s == 4 else [Styled(channels[s // 2], channels[s], 3, s, up=True)]
    same = Styled(channels[s], channels[s], 3, s)
    blocks.append((first + [same], Styled(channels[s], 3, 1, s, demodulate=False)))
constant = torch.randn(1, channels[4], 4, 4)


def generated(z):
    w = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
    for weight in mapping:
        w = F.leaky_relu(w @ weight.t(), 0.2) * math.sqrt(2)
    x, image = constant.expand(len(z), -1, -1, -1), None
    for convs, to_rgb in blocks:
        for conv in convs:
            x = conv(x, w)
        part = to_rgb(x, w)
        image = part if image is None else doubled(image) + part
    return image


with torch.inference_mode():
    generated(torch.randn(1, STYLE))
    best = math.inf
    for _ in range(images):
        z = torch.randn(1, STYLE)
        start = time.perf_counter()
        generated(z)
        best = min(best, time.perf_counter() - start)
print(f"torch {torch.__version__}: {1000 * best:.2f} ms an image")
