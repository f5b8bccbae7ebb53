"""Writes golden.safetensors: one training step of a small network and ten losses, as PyTorch computes them in double precision.

    pip install torch==2.13.0 safetensors numpy
    python make-golden.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

IMAGES, ROWS, COLUMNS, CLASSES = 11, 10, 9, 5
SMOOTHING, RATE, MOMENTUM, DECAY = 0.1, 0.05, 0.9, 5e-4


class Net(nn.Module):
    """Every kind of layer once; the names are those of the network in GoldenTests.swift."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=True)
        self.stem_norm = nn.BatchNorm2d(8)
        self.side = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.side_norm = nn.BatchNorm2d(8)
        self.parts = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=2, bias=True)
        self.objects = nn.Conv2d(12, 16, 1, bias=False)
        self.objects_norm = nn.BatchNorm2d(16)
        self.classes = nn.Linear(16, CLASSES)

    def forward(self, x):
        edges = F.relu(self.stem_norm(self.stem(x)))
        pooled = F.max_pool2d(edges, 2)
        added = pooled + F.gelu(self.side_norm(self.side(pooled)))
        parts = F.relu(self.parts(added))
        average = F.avg_pool2d(parts, 2, stride=1, padding=1, count_include_pad=False)
        objects = F.silu(self.objects_norm(self.objects(average)))
        return self.classes(objects.mean((2, 3)))


def main():
    torch.manual_seed(20)
    torch.use_deterministic_algorithms(True)
    net = Net().double()
    # Float32 numbers in double arithmetic: the file holds exactly what was computed with.
    with torch.no_grad():
        for value in net.parameters():
            noise = 0.2 * torch.randn_like(value) if value.ndim == 1 else 0
            value.copy_((value + noise).float())
    pictures = torch.randn(IMAGES, 3, ROWS, COLUMNS).double()
    labels = torch.arange(IMAGES) * 3 % CLASSES
    out = {"pictures": pictures.permute(0, 2, 3, 1), "labels": labels.double()}
    for name, value in net.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            out["before." + name] = value.clone()

    net.train()
    pictures.requires_grad_()
    logits = net(pictures)
    loss = F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
    loss.backward()
    out["logits"], out["loss"] = logits, loss
    out["gradient.pictures"] = pictures.grad.permute(0, 2, 3, 1)
    for name, value in net.named_parameters():
        out["gradient." + name] = value.grad.clone()
    for name, value in net.named_buffers():
        if not name.endswith("num_batches_tracked"):
            out["after." + name] = value.clone()
    net.zero_grad()

    for name, value in net.named_buffers():
        if not name.endswith("num_batches_tracked"):
            value.copy_(out["before." + name])
    weights = [p for p in net.parameters() if p.ndim > 1]
    offsets = [p for p in net.parameters() if p.ndim == 1]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": DECAY}, {"params": offsets}],
        lr=RATE, momentum=MOMENTUM, nesterov=True)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(pictures.detach()), labels, label_smoothing=SMOOTHING)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    out["losses"] = torch.tensor(losses)
    net.eval()
    out["logits.evaluated"] = net(pictures.detach())

    tensors = {name: value.detach().float().contiguous() for name, value in out.items()}
    save_file(tensors, Path(__file__).with_name("golden.safetensors"), {"torch": torch.__version__})


main()
