"""The networks that are compared, in PyTorch: the same layers in the same order as Avocet's builders."""

import torch
from torch import nn


def normed(inputs, outputs, kernel, stride=1, groups=1, activation=nn.ReLU):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([activation(inplace=True)] if activation else []))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = normed(inputs, outputs, 3, stride)
        self.second = normed(outputs, outputs, 3, activation=None)
        self.short = (
            nn.Identity()
            if stride == 1 and inputs == outputs
            else normed(inputs, outputs, 1, stride, activation=None)
        )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.activation(self.second(self.first(x)) + self.short(x))


def resnet18():
    stages, inputs = [], 64
    for number, outputs in enumerate([64, 128, 256, 512]):
        stages += [BasicBlock(inputs, outputs, 1 if number == 0 else 2), BasicBlock(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(
        normed(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1), *stages,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000),
    )


class Fire(nn.Module):
    def __init__(self, inputs, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.near = nn.Conv2d(squeeze, expand, 1)
        self.wide = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.near(x)), torch.relu(self.wide(x))], 1)


def squeezenet1_1():
    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(inplace=True), pool(),
        Fire(64, 16, 64), Fire(128, 16, 64), pool(),
        Fire(128, 32, 128), Fire(256, 32, 128), pool(),
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
        nn.Conv2d(512, 1000, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        inner = inputs * expansion
        layers = [normed(inputs, inner, 1, activation=nn.ReLU6)] if expansion > 1 else []
        layers += [
            normed(inner, inner, 3, stride, groups=inner, activation=nn.ReLU6),
            normed(inner, outputs, 1, activation=None),
        ]
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


def mobilenet_v2():
    layers, inputs = [normed(3, 32, 3, 2, activation=nn.ReLU6)], 32
    for expansion, outputs, count, stride in [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]:
        for number in range(count):
            layers.append(InvertedResidual(inputs, outputs, stride if number == 0 else 1, expansion))
            inputs = outputs
    layers.append(normed(inputs, 1280, 1, activation=nn.ReLU6))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000))


def alexnet():
    def layer(inputs, outputs, kernel, stride, padding):
        return [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU(inplace=True)]

    def pool():
        return nn.MaxPool2d(3, 2)

    return nn.Sequential(
        *layer(3, 64, 11, 4, 2), pool(), *layer(64, 192, 5, 1, 2), pool(),
        *layer(192, 384, 3, 1, 1), *layer(384, 256, 3, 1, 1), *layer(256, 256, 3, 1, 1), pool(),
        nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(inplace=True),
        nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 1000),
    )


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


def airbench94():
    def norm(channels):
        layer = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4)
        layer.weight.requires_grad = False
        return layer

    def group(inputs, outputs):
        return [
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.MaxPool2d(2), norm(outputs), nn.GELU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), norm(outputs), nn.GELU(),
        ]

    return nn.Sequential(
        nn.Conv2d(3, 24, 2), nn.GELU(), *group(24, 64), *group(64, 256), *group(256, 256),
        nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, 10, bias=False), Scale(1 / 256),
    )


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layers = nn.Sequential(normed(channels, channels, 3), normed(channels, channels, 3))

    def forward(self, x):
        return x + self.layers(x)


def resnet9():
    return nn.Sequential(
        normed(3, 64, 3), normed(64, 128, 3), nn.MaxPool2d(2), Residual(128),
        normed(128, 256, 3), nn.MaxPool2d(2), normed(256, 512, 3), nn.MaxPool2d(2), Residual(512),
        nn.MaxPool2d(4), nn.Flatten(), nn.Linear(512, 10, bias=False), Scale(0.125),
    )


NETWORKS = {
    build.__name__: (build, size, classes)
    for build, size, classes in [
        (resnet18, 224, 1000), (squeezenet1_1, 224, 1000), (mobilenet_v2, 224, 1000), (alexnet, 224, 1000),
        (airbench94, 32, 10), (resnet9, 32, 10),
    ]
}
