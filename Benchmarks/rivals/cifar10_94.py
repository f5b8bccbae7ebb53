"""The recipe cifar10-94 in PyTorch, from the same facts, with bf16 autocast: what its training costs on this machine.

usage: cifar10_94.py FOLDER [--epochs N] [--seed N] [--threads N] [--fp32]    FOLDER holds the binary CIFAR-10
Prints each epoch's seconds; at the end the test accuracy with one view and with six.
"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

from networks import airbench94

MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.2470, 0.2435, 0.2616]).view(1, 3, 1, 1)


def read(folder, names):
    raw = np.concatenate([np.fromfile(f"{folder}/{name}.bin", np.uint8).reshape(-1, 3073) for name in names])
    pixels = torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255)
    return (pixels - MEAN) / DEVIATION, torch.from_numpy(raw[:, 0].astype(np.int64))


def whitening(pictures):
    patches = pictures[:5000].unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 12)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (vectors / (values + 5e-4).sqrt()).T.reshape(12, 3, 2, 2).flip(0)
    return torch.cat([filters, -filters])


def orthogonal(update):
    x = update.reshape(len(update), -1)
    x = x / (x.norm() + 1e-7)
    wide = x.T if x.shape[0] > x.shape[1] else x
    for _ in range(3):
        gram = wide @ wide.T
        wide = 3.4445 * wide + (-4.7750 * gram + 2.0315 * gram @ gram) @ wide
    return (wide.T if x.shape[0] > x.shape[1] else wide).reshape(update.shape)


class Muon:
    def __init__(self, filters):
        self.filters = [(p, torch.zeros_like(p)) for p in filters]

    @torch.no_grad()
    def step(self, rate):
        for p, velocity in self.filters:
            velocity.mul_(0.6).add_(p.grad)
            p.mul_(len(p) ** 0.5 / p.norm())
            p.sub_(orthogonal(p.grad + 0.6 * velocity), alpha=rate)
            p.grad = None


def network(pictures):
    net = airbench94()
    net[-1].factor = 1 / 256
    whiten = net[0]
    whiten.weight.data = whitening(pictures)
    whiten.weight.requires_grad = False
    filters = [m.weight for m in net if isinstance(m, torch.nn.Conv2d) and m is not whiten]
    for weight in filters:
        torch.nn.init.dirac_(weight.data[: weight.shape[1]])
    head = net[-2]
    head.weight.data /= head.weight.std()
    biases = [m.bias for m in net if isinstance(m, torch.nn.BatchNorm2d)]
    return net.to(memory_format=torch.channels_last), whiten, filters, biases, head


def augmented(pictures, epoch, flipped):
    x = F.pad(pictures, (2,) * 4, "reflect")
    moved = torch.empty_like(pictures)
    shifts = torch.randint(0, 5, (len(x), 2))
    for dy in range(5):
        for dx in range(5):
            these = (shifts[:, 0] == dy) & (shifts[:, 1] == dx)
            moved[these] = x[these, :, dy : dy + 32, dx : dx + 32]
    mirrored = flipped ^ (epoch % 2 == 1)
    moved[mirrored] = moved[mirrored].flip(-1)
    return moved


def accuracy(net, pictures, labels, views):
    net.eval()
    right = 0
    with torch.inference_mode():
        for x, y in zip(pictures.split(500), labels.split(500)):
            x = x.to(memory_format=torch.channels_last)
            logits = 0.5 * (net(x) + net(x.flip(-1))) if views == 6 else net(x)
            if views == 6:
                padded = F.pad(x, (1,) * 4, "reflect")
                corners = [padded[:, :, :32, :32], padded[:, :, 2:, 2:]]
                logits = 0.5 * logits + 0.125 * sum(net(v) + net(v.flip(-1)) for v in corners)
            right += (logits.argmax(1) == y).sum().item()
    return 100 * right / len(labels)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--of", type=int, default=9, help="epochs of the whole schedule")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fp32", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    pictures, labels = read(options.folder, [f"data_batch_{i}" for i in range(1, 6)])
    net, whiten, filters, biases, head = network(pictures)
    batch = 2000
    decay = 2e-6 * batch
    muon = Muon(filters)
    rest = torch.optim.SGD(
        [
            {"params": [whiten.bias], "lr": 0.053, "weight_decay": decay / 0.053},
            {"params": biases, "lr": 0.053, "weight_decay": decay / 0.053},
            {"params": [head.weight], "lr": 0.67, "weight_decay": decay / 0.67},
        ],
        momentum=0.85, nesterov=True)
    peaks = [group["lr"] for group in rest.param_groups]
    steps, step = options.of * (len(pictures) // batch), 0
    flipped = torch.rand(len(pictures)) < 0.5
    for epoch in range(options.epochs):
        start = time.perf_counter()
        net.train()
        if epoch == 3:
            whiten.bias.requires_grad = False
            whiten.bias.grad = None
        x, order = augmented(pictures, epoch, flipped), torch.randperm(len(pictures))
        for indices in order[: len(order) // batch * batch].split(batch):
            left = 1 - step / steps
            for number, (group, peak) in enumerate(zip(rest.param_groups, peaks)):
                group["lr"] = peak * (max(0, 1 - step / (steps * 3 / options.of)) if number == 0 else left)
            images = x[indices].to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=not options.fp32):
                logits = net(images)
            loss = F.cross_entropy(logits.float(), labels[indices], label_smoothing=0.2, reduction="sum")
            loss.backward()
            muon.step(0.24 * left)
            rest.step()
            rest.zero_grad(set_to_none=True)
            step += 1
        print(f"epoch {epoch + 1}: {time.perf_counter() - start:.1f} s", flush=True)
    if options.epochs == options.of:
        tests, truths = read(options.folder, ["test_batch"])
        for views in (1, 6):
            print(f"test, {views} views: {accuracy(net, tests, truths, views):.2f} %", flush=True)


main()
