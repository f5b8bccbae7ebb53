"""Prints the cases of GoldenResizingTests.swift: what Pillow makes of two drawn pictures, resized and cut out as torchvision does.

    pip install pillow==13.0.0 numpy
    python make-golden.py
"""

import numpy
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def noise(width, height):
    """`noise` of Pictures.swift."""
    y, x, c = numpy.meshgrid(
        numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij"
    )
    v = (x * 37 + y * 91 + c * 53 + x * y * 7 + x * x // 3).astype(numpy.uint32)
    return (v * numpy.uint32(2654435761) >> numpy.uint32(24)).astype(numpy.uint8)


def gradient(width, height):
    """`gradient` of Pictures.swift; its division rounds towards zero."""
    y, x = numpy.meshgrid(numpy.arange(height), numpy.arange(width), indexing="ij")
    blue = 128 + numpy.trunc(100 * (x - y) / (width + height)).astype(int)
    return numpy.stack([255 * x // width, 255 * y // height, blue], axis=-1).astype(numpy.uint8)


def view(image, short_side, side, interpolation):
    """torchvision's Resize(short_side) and CenterCrop(side), written out."""
    width, height = image.size
    long = int(short_side * max(width, height) / min(width, height))
    size = (short_side, long) if width <= height else (long, short_side)
    if size != image.size:
        image = image.resize(size, FILTERS[interpolation])
    width, height = image.size
    if side > width or side > height:
        padding = max(side - width, 0), max(side - height, 0)
        canvas = Image.new("RGB", (width + padding[0], height + padding[1]))
        canvas.paste(image, (padding[0] // 2, padding[1] // 2))
        image = canvas
        width, height = image.size
    top, left = int(round((height - side) / 2.0)), int(round((width - side) / 2.0))
    return image.crop((left, top, left + side, top + side))


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


CASES = [
    ("noise", 300, 200, 256, 224),
    ("noise", 200, 300, 256, 224),
    ("gradient", 500, 375, 256, 224),
    ("noise", 641, 427, 256, 224),
    ("noise", 97, 333, 64, 56),
    ("gradient", 1000, 231, 72, 64),
    ("noise", 224, 224, 256, 224),
    ("noise", 50, 41, 13, 16),
    ("noise", 41, 90, 15, 20),
]

for name, width, height, short_side, side in CASES:
    image = Image.fromarray({"noise": noise, "gradient": gradient}[name](width, height))
    for interpolation in FILTERS:
        result = numpy.asarray(view(image, short_side, side, interpolation))
        middle = result[side // 2, side // 2]
        print(
            f"    Case(.{name}, {width}, {height}, {short_side}, {side}, .{interpolation},"
            f" {[int(v) for v in middle]}, 0x{fnv(result.tobytes()):016x}),"
        )
