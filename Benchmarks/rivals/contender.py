"""One rival, kept ready: reads a line, measures for about a second, prints images per second, until the input ends.

usage: contender.py RIVAL NETWORK BATCH THREADS, where RIVAL is a key of INFERENCE or TRAINING below
"""

import os
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from networks import NETWORKS

warnings.filterwarnings("ignore")


def pictures(batch, size):
    return torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (batch, 3, size, size)).astype(np.float32))


def exported(network, batch, folder):
    build, size, _ = NETWORKS[network]
    path = os.path.join(folder, "network.onnx")
    torch.onnx.export(build().eval(), (pictures(batch, size),), path, dynamo=False, input_names=["x"])
    return path


def pytorch(network, batch, threads, prepare):
    build, size, _ = NETWORKS[network]
    x = pictures(batch, size).to(memory_format=torch.channels_last)
    model = build().eval().to(memory_format=torch.channels_last)
    with torch.inference_mode():
        model = prepare(model, x)

    def run():
        with torch.inference_mode():
            model(x)

    return run


def eager(model, x):
    return model


def frozen(model, x):
    model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, x)))
    for _ in range(3):
        model(x)
    return model


def compiled(model, x):
    import torch._inductor.config

    torch._inductor.config.freezing = True
    model = torch.compile(model)
    model(x)
    return model


def onnx_runtime(network, batch, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        session = onnxruntime.InferenceSession(
            exported(network, batch, folder), options, providers=["CPUExecutionProvider"]
        )
    x = pictures(batch, NETWORKS[network][1]).numpy()
    return lambda: session.run(None, {"x": x})


def openvino(network, batch, threads, streams):
    import openvino as ov

    parts = streams if batch >= streams else 1
    with tempfile.TemporaryDirectory() as folder:
        model = ov.Core().read_model(exported(network, batch // parts, folder))
        ready = ov.Core().compile_model(
            model, "CPU",
            {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": parts, "INFERENCE_PRECISION_HINT": "f32"},
        )
    x = pictures(batch // parts, NETWORKS[network][1]).numpy()
    requests = [ready.create_infer_request() for _ in range(parts)]
    for request in requests:
        request.set_input_tensor(ov.Tensor(x))

    def run():
        for request in requests:
            request.start_async()
        for request in requests:
            request.wait()

    return run


def ncnn(network, batch, threads, streams):
    import subprocess

    import ncnn as library

    build, size, _ = NETWORKS[network]
    x = pictures(1, size)
    net = library.Net()
    net.opt.num_threads = threads // streams
    with tempfile.TemporaryDirectory() as folder:
        torch.jit.save(torch.jit.trace(build().eval(), x), os.path.join(folder, "network.pt"))
        subprocess.run(
            ["pnnx", "network.pt", f"inputshape=[1,3,{size},{size}]", "fp16=0"],
            cwd=folder, check=True, capture_output=True,
        )
        net.load_param(os.path.join(folder, "network.ncnn.param"))
        net.load_model(os.path.join(folder, "network.ncnn.bin"))
    picture = library.Mat(x[0].numpy())
    pool = ThreadPoolExecutor(streams)

    def classify(count):
        for _ in range(count):
            extractor = net.create_extractor()
            extractor.input("in0", picture)
            extractor.extract("out0")

    return lambda: list(pool.map(classify, [batch // streams] * streams))


def training(network, batch, threads, dtype, compile):
    build, size, classes = NETWORKS[network]
    x = pictures(batch, size).to(memory_format=torch.channels_last)
    y = torch.arange(batch) % classes
    model = build().train().to(memory_format=torch.channels_last)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=1e-4, momentum=0.9, nesterov=True, weight_decay=5e-4)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    forward = torch.compile(model) if compile else model

    def run():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
            result = forward(x)
        loss(result.float(), y).backward()
        optimizer.step()

    return run


INFERENCE = {
    "PyTorch eager": lambda *a: pytorch(*a, eager),
    "PyTorch frozen": lambda *a: pytorch(*a, frozen),
    "PyTorch compiled": lambda *a: pytorch(*a, compiled),
    "ONNX Runtime": onnx_runtime,
    "OpenVINO": lambda *a: openvino(*a, 1),
    "OpenVINO, 2 streams": lambda *a: openvino(*a, 2),
    "ncnn": lambda *a: ncnn(*a, 1),
    "ncnn, 2 at once": lambda *a: ncnn(*a, 2),
}
TRAINING = {
    "PyTorch eager": lambda *a: training(*a, "fp32", False),
    "PyTorch compiled": lambda *a: training(*a, "fp32", True),
    "PyTorch bf16": lambda *a: training(*a, "bf16", False),
    "PyTorch bf16 compiled": lambda *a: training(*a, "bf16", True),
}


def main():
    kind, rival, network, batch, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    run = (TRAINING if kind == "training" else INFERENCE)[rival](network, batch, threads)
    run()
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        # As `avocet bench network` does: the median of rounds of a tenth of a second.
        speeds, start = [], time.perf_counter()
        while len(speeds) < 3 or time.perf_counter() - start < 1:
            runs, begin, end = 0, time.perf_counter(), 0
            while end - begin < 0.1:
                run()
                runs, end = runs + 1, time.perf_counter()
            speeds.append(runs * batch / (end - begin))
        print(sorted(speeds)[len(speeds) // 2], flush=True)


main()
