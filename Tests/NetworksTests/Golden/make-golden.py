"""Writes architectures.json: what PyTorch computes, in double precision, for each named architecture.

    pip install torch==2.13.0 numpy
    python make-golden.py

Weights and pictures are a function of a name and an index (`numbers`), which ArchitectureGoldenTests.swift computes too, so that only results are stored:
the logits of two pictures, and for some networks each gradient's length and its projection on a direction given by the same function.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

IMAGES, CLASSES = 2, 24


def mixed(z):
    """The finaliser of SplitMix64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def numbers(name, count, low, high):
    """`count` float32 numbers from low to high, a function of the name and the index."""
    seed = np.uint64(0xCBF29CE484222325)
    with np.errstate(over="ignore"):
        for byte in name.encode():
            seed = (seed ^ np.uint64(byte)) * np.uint64(0x100000001B3)
        bits = mixed(seed + np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    unit = (bits >> np.uint64(40)).astype(np.float64) / (1 << 24)
    return (low + (high - low) * unit).astype(np.float32)


def fill(net):
    for name, value in net.state_dict().items():
        last = name.split(".")[-1]
        if last == "num_batches_tracked":
            continue
        if value.ndim > 1:
            bound = math.sqrt(6 / (value.numel() // value.shape[0]))
            low, high = -bound, bound
        elif last == "weight" or last == "running_var":
            low, high = 0.5, 1.5
        else:
            low, high = -0.2, 0.2
        value.copy_(torch.from_numpy(numbers(name, value.numel(), low, high)).reshape(value.shape))


class BasicBlock(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        if stride != 1 or inputs != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        around = self.downsample(x) if hasattr(self, "downsample") else x
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)) + around)


class Bottleneck(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * channels)
        if stride != 1 or inputs != 4 * channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, 4 * channels, 1, stride, bias=False),
                nn.BatchNorm2d(4 * channels))

    def forward(self, x):
        around = self.downsample(x) if hasattr(self, "downsample") else x
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + around)


class ResNet(nn.Module):
    def __init__(self, block, counts, expansion):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for layer, count in enumerate(counts):
            blocks = []
            for number in range(count):
                stride = 2 if layer > 0 and number == 0 else 1
                blocks.append(block(inputs, 64 << layer, stride))
                inputs = (64 << layer) * expansion
            setattr(self, f"layer{layer + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(x.mean((2, 3)))


class Fire(nn.Module):
    def __init__(self, inputs, squeeze):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, 4 * squeeze, 1)
        self.expand3x3 = nn.Conv2d(squeeze, 4 * squeeze, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNet(nn.Module):
    def __init__(self, channels, kernel, pools):
        super().__init__()
        layers = [nn.Conv2d(3, channels, kernel, 2), nn.ReLU()]
        inputs = channels
        for number, squeeze in enumerate([16, 16, 32, 32, 48, 48, 64, 64]):
            if number in pools:
                layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            layers.append(Fire(inputs, squeeze))
            inputs = 8 * squeeze
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(512, CLASSES, 1), nn.ReLU())

    def forward(self, x):
        return self.classifier(self.features(x)).mean((2, 3))


class AlexNet(nn.Module):
    """As in torchvision; `size` pixels leave `rest` x `rest` of them after the last pooling."""

    def __init__(self, rest):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(256 * rest * rest, 4096), nn.ReLU(),
            nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, CLASSES))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class AlexNet2012(nn.Module):
    """The two towers of 2012 as groups; names as in Caffe."""

    def __init__(self, rest):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, 4, 2)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.fc6 = nn.Linear(256 * rest * rest, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, CLASSES)
        # PyTorch divides alpha by the size, the paper does not.
        self.norm = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)

    def forward(self, x):
        x = F.max_pool2d(self.norm(F.relu(self.conv1(x))), 3, 2)
        x = F.max_pool2d(self.norm(F.relu(self.conv2(x))), 3, 2)
        x = F.relu(self.conv5(F.relu(self.conv4(F.relu(self.conv3(x))))))
        x = F.max_pool2d(x, 3, 2).flatten(1)
        return self.fc8(F.relu(self.fc7(F.relu(self.fc6(x)))))


class VGG11BN(nn.Module):
    def __init__(self, rest):
        super().__init__()
        layers, inputs = [], 3
        for width in [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]:
            if width == 0:
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
                inputs = width
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(512 * rest * rest, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, CLASSES))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def normed(inputs, channels, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels), nn.ReLU6())


class InvertedResidual(nn.Module):
    def __init__(self, inputs, channels, stride, expansion):
        super().__init__()
        wide = inputs * expansion
        layers = [normed(inputs, wide, 1)] if expansion > 1 else []
        layers += [
            normed(wide, wide, 3, stride, wide), nn.Conv2d(wide, channels, 1, bias=False),
            nn.BatchNorm2d(channels)]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == channels

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        layers, inputs = [normed(3, 32, 3, 2)], 32
        for expansion, channels, count, stride in [
                (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                (6, 160, 3, 2), (6, 320, 1, 1)]:
            for number in range(count):
                layers.append(
                    InvertedResidual(inputs, channels, stride if number == 0 else 1, expansion))
                inputs = channels
        layers.append(normed(320, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(1280, CLASSES))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class SameConv(nn.Conv2d):
    """TensorFlow's SAME: an odd zero goes below and to the right."""

    def forward(self, x):
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = [max(0, (-(-size // stride) - 1) * stride + kernel - size) for size in x.shape[2:]]
        (top, left) = (total[0] // 2, total[1] // 2)
        x = F.pad(x, (left, total[1] - left, top, total[0] - top))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, groups=self.groups)


class TimmBlock(nn.Module):
    """Timm's DepthwiseSeparableConv (expansion 0: the projection has a nonlinearity; 1: it has none) and InvertedResidual."""

    def __init__(self, inputs, channels, kernel, stride, expansion, epsilon, conv, padding):
        super().__init__()
        self.expansion = expansion
        wide = inputs * max(1, expansion)
        if expansion > 1:
            self.conv_pw = conv(inputs, wide, 1, bias=False)
        self.conv_dw = conv(
            wide, wide, kernel, stride, kernel // 2 if padding else 0, groups=wide, bias=False)
        project = conv(wide, channels, 1, bias=False)
        for number in range(3 if expansion > 1 else 2):
            width = channels if number == (2 if expansion > 1 else 1) else wide
            setattr(self, f"bn{number + 1}", nn.BatchNorm2d(width, eps=epsilon))
        if expansion > 1:
            self.conv_pwl = project
        else:
            self.conv_pw = project
        self.adds = expansion > 0 and stride == 1 and inputs == channels

    def forward(self, x):
        start = x
        if self.expansion > 1:
            x = F.relu6(self.bn1(self.conv_pw(x)))
            x = F.relu6(self.bn2(self.conv_dw(x)))
            x = self.bn3(self.conv_pwl(x))
        else:
            x = self.bn2(self.conv_pw(F.relu6(self.bn1(self.conv_dw(x)))))
        if self.expansion == 0:
            x = F.relu6(x)
        return x + start if self.adds else x


class TimmNet(nn.Module):
    def __init__(self, stages, head, epsilon, conv, padding):
        super().__init__()
        self.conv_stem = conv(3, 32, 3, 2, 1 if padding else 0, bias=False)
        self.bn1 = nn.BatchNorm2d(32, eps=epsilon)
        inputs, blocks = 32, []
        for expansion, kernel, channels, count, stride in stages:
            stage = []
            for number in range(count):
                stage.append(TimmBlock(
                    inputs, channels, kernel, stride if number == 0 else 1, expansion, epsilon,
                    conv, padding))
                inputs = channels
            blocks.append(nn.Sequential(*stage))
        self.blocks = nn.Sequential(*blocks)
        if head:
            self.conv_head = conv(inputs, head, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(head, eps=epsilon)
        self.classifier = nn.Linear(head or inputs, CLASSES)

    def forward(self, x):
        x = self.blocks(F.relu6(self.bn1(self.conv_stem(x))))
        if hasattr(self, "conv_head"):
            x = F.relu6(self.bn2(self.conv_head(x)))
        return self.classifier(x.mean((2, 3)))


def mobilenet_v1():
    return TimmNet(
        [(0, 3, 64, 1, 1), (0, 3, 128, 2, 2), (0, 3, 256, 2, 2), (0, 3, 512, 6, 2),
         (0, 3, 1024, 2, 2)], 0, 1e-5, nn.Conv2d, True)


def efficientnet_lite0():
    return TimmNet(
        [(1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2),
         (6, 5, 112, 3, 1), (6, 5, 192, 4, 2), (6, 3, 320, 1, 1)], 1280, 1e-3, SameConv, False)


# Name: network, size of the pictures, whether gradients are compared (then in training, over the batch's own statistics).
NETWORKS = {
    "alexnet": (lambda: AlexNet(2), 95, False),
    "alexnet_2012": (lambda: AlexNet2012(2), 95, True),
    "efficientnet_lite0": (efficientnet_lite0, 64, True),
    "mobilenet_v1": (mobilenet_v1, 64, False),
    "mobilenet_v2": (MobileNetV2, 64, False),
    "resnet18": (lambda: ResNet(BasicBlock, [2, 2, 2, 2], 1), 64, False),
    "resnet34": (lambda: ResNet(BasicBlock, [3, 4, 6, 3], 1), 64, False),
    "resnet50": (lambda: ResNet(Bottleneck, [3, 4, 6, 3], 4), 64, False),
    "squeezenet1_0": (lambda: SqueezeNet(96, 7, {0, 3, 7}), 64, True),
    "squeezenet1_1": (lambda: SqueezeNet(64, 3, {0, 2, 4}), 64, False),
    "vgg11_bn": (lambda: VGG11BN(2), 64, False),
}


def golden(name):
    build, size, with_gradients = NETWORKS[name]
    net = build().double().eval()
    with torch.no_grad():
        fill(net)
    pictures = numbers("pictures", IMAGES * size * size * 3, -2, 2)
    x = torch.from_numpy(pictures).double().reshape(IMAGES, size, size, 3).permute(0, 3, 1, 2)
    with torch.no_grad():
        logits = net(x)
    top = logits.topk(2).values
    print(name, "margin", ((top[:, 0] - top[:, 1]) / logits.abs().max()).tolist())
    result = {"size": size, "logits": [float(f"{v:.9g}") for v in logits.flatten().tolist()]}
    if with_gradients:
        net.train()
        for module in net.modules():
            if isinstance(module, nn.Dropout):
                module.eval()
        weights = torch.from_numpy(numbers("loss", IMAGES * CLASSES, -1, 1)).double()
        (net(x).flatten() * weights).sum().backward()
        result["gradients"] = {}
        for parameter, value in net.named_parameters():
            gradient = value.grad.flatten()
            direction = torch.from_numpy(
                numbers("direction " + parameter, gradient.numel(), -1, 1)).double()
            result["gradients"][parameter] = [
                float(f"{gradient.norm().item():.9g}"),
                float(f"{(gradient @ direction).item():.9g}")]
    return result


def main():
    torch.use_deterministic_algorithms(True)
    results = {name: golden(name) for name in NETWORKS}
    lines = [f'  {json.dumps(name)}: {json.dumps(result)}' for name, result in results.items()]
    path = Path(__file__).with_name("architectures.json")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
