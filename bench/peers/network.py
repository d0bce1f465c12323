#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One pass of a network through Hepar's CPU engine, ONNX Runtime and PyTorch, with the same weights and input:

    bench/peers/install-network-peers build/peers
    /usr/bin/python3 bench/peers/network.py build/release/bench/network_run --peers build/peers -o build/network-peers

The network is nnU-Net's plain U-Net of 32, 64, 128, 256, 320, 320 channels, two convolutions in a stage, three
outputs, with He's random weights. Every measurement is a process of its own, whose first pass does not count; the
engines take turns for --rounds rounds, and the medians over all their passes count: seconds by the clock, CPU seconds
of all threads, and the largest VmHWM of its processes (PyTorch's includes Python's own). Where other
programs use the machine too, CPU seconds are what to compare. Threads wait asleep: ONNX Runtime without spinning,
OpenMP passive. Differences are the largest ones from PyTorch in float64, for the first edge alone. The folder keeps
the model and the figures (network.json), so that a second run need not make it.
"""
import argparse
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import time

import numpy as np
import torch

FEATURES = (32, 64, 128, 256, 320, 320)
HEADS = 3
HERE = pathlib.Path(__file__).resolve().parent
DEMO_PLAN = HERE.parent.parent / "models/demo/plans.json"


def block(inputs, outputs, stride):
    conv = torch.nn.Conv3d(inputs, outputs, 3, stride, 1)
    norm = torch.nn.InstanceNorm3d(outputs, eps=1e-5, affine=True)
    return torch.nn.ModuleDict({"conv": conv, "norm": norm})


class UNet(torch.nn.Module):
    """Parameters have nnU-Net's places, so that a list of names is all that a model file needs."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.transposed = (torch.nn.ModuleList() for _ in range(3))
        inputs = 1
        for stage, features in enumerate(FEATURES):
            pair = [block(inputs, features, 2 if stage else 1), block(features, features, 1)]
            self.encoder.append(torch.nn.ModuleList(pair))
            inputs = features
        for below, features in zip(FEATURES[:0:-1], FEATURES[-2::-1]):
            self.transposed.append(torch.nn.ConvTranspose3d(below, features, 2, 2))
            self.decoder.append(torch.nn.ModuleList([block(2 * features, features, 1), block(features, features, 1)]))
        self.head = torch.nn.Conv3d(FEATURES[0], HEADS, 1)
        for module in self.modules():
            if isinstance(module, (torch.nn.Conv3d, torch.nn.ConvTranspose3d)):
                torch.nn.init.kaiming_normal_(module.weight, 1e-2)
                torch.nn.init.normal_(module.bias, 0, 0.05)
            if isinstance(module, torch.nn.InstanceNorm3d):
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
                torch.nn.init.normal_(module.bias, 0, 0.2)

    @staticmethod
    def stage(blocks, x):
        for one in blocks:
            x = torch.nn.functional.leaky_relu(one["norm"](one["conv"](x)), 0.01)
        return x

    def forward(self, x):
        skips = []
        for blocks in self.encoder:
            x = self.stage(blocks, x)
            skips.append(x)
        skips.pop()
        for up, blocks in zip(self.transposed, self.decoder):
            x = self.stage(blocks, torch.cat((up(x), skips.pop()), 1))
        return self.head(x)

    def nnunet_state(self):
        state = {}
        for name, tensor in self.state_dict().items():
            part, rest = name.split(".", 1)
            if part == "encoder":
                stage, rest = rest.split(".", 1)
                state[f"encoder.stages.{stage}.0.convs.{rest}"] = tensor
            elif part == "decoder":
                stage, rest = rest.split(".", 1)
                state[f"decoder.stages.{stage}.convs.{rest}"] = tensor
            elif part == "transposed":
                state[f"decoder.transpconvs.{rest}"] = tensor
            else:
                state[f"decoder.seg_layers.{len(FEATURES) - 2}.{rest}"] = tensor
        for s, features in enumerate(FEATURES[-2:0:-1]):  # heads that serve training alone
            state[f"decoder.seg_layers.{s}.weight"] = torch.zeros(HEADS, features, 1, 1, 1)
            state[f"decoder.seg_layers.{s}.bias"] = torch.zeros(HEADS)
        return state


def write_safetensors(path, tensors):
    header, data, offset = {}, [], 0
    for name, tensor in tensors.items():
        values = tensor.contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(values)]}
        data.append(values)
        offset += len(values)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


def write_model(folder, net):
    """A model folder that `hepar bench network -m` reads; what is not the network's comes from the demo's plan."""
    (folder / "fold_0").mkdir(parents=True, exist_ok=True)
    plans = json.loads(DEMO_PLAN.read_text())
    stages = len(FEATURES)
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"].update(
        n_stages=stages, features_per_stage=FEATURES, kernel_sizes=[[3] * 3] * stages,
        strides=[[1] * 3] + [[2] * 3] * (stages - 1), n_conv_per_stage=[2] * stages,
        n_conv_per_stage_decoder=[2] * (stages - 1))
    (folder / "plans.json").write_text(json.dumps(plans, indent=1))
    labels = {"background": 0, "first": 1, "second": 2}
    (folder / "dataset.json").write_text(json.dumps(
        {"channel_names": {"0": "CT"}, "labels": labels, "numTraining": 1, "file_ending": ".nii.gz"}))
    write_safetensors(folder / "fold_0/checkpoint_final.safetensors", net.nnunet_state())


def input_of(edge):
    return torch.randn(1, 1, edge, edge, edge, generator=torch.Generator().manual_seed(edge))


def make_files(folder, edges):
    torch.manual_seed(0)
    net = UNet().eval()
    if not (folder / "model/fold_0/checkpoint_final.safetensors").exists():
        write_model(folder / "model", net)
        torch.save(net.state_dict(), folder / "net.pt")
    for edge in edges:
        input_of(edge).numpy().tofile(folder / f"input_{edge}.bin")
        if not (folder / f"net_{edge}.onnx").exists():
            torch.onnx.export(net, torch.zeros(1, 1, edge, edge, edge), folder / f"net_{edge}.onnx", opset_version=13,
                              input_names=["x"], output_names=["y"])
    wanted = folder / f"float64_{edges[0]}.bin"
    if not wanted.exists():
        with torch.no_grad():
            net.double()(input_of(edges[0]).double()).numpy().tofile(wanted)


def peak_kilobytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def torch_passes(folder, output, edge, threads, repeats):
    torch.set_num_threads(threads)
    net = UNet().eval()
    net.load_state_dict(torch.load(folder / "net.pt"))
    x = input_of(edge)
    seconds, cpu_seconds = [], []
    with torch.no_grad():
        logits = net(x)
        for _ in range(repeats):
            cpu, start = time.process_time(), time.perf_counter()
            logits = net(x)
            seconds.append(time.perf_counter() - start)
            cpu_seconds.append(time.process_time() - cpu)
    logits.numpy().tofile(output)
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_kilobytes": peak_kilobytes()}))


def commands(options, edge, threads):
    """Engine and its command, which writes logits to `out`."""
    folder, repeats = options.output, options.repeats
    out = str(folder / "logits.bin")
    given = str(folder / f"input_{edge}.bin")
    for engine in ("default", "exact", "onednn"):
        yield f"Hepar, {engine}", [options.network_run, str(folder / "model"), given, out, "--patch",
                                   f"{edge},{edge},{edge}", "--engine", engine, "--threads", str(threads),
                                   "--repeats", str(repeats), "--tuning", str(folder / "tuning.json")]
    yield "ONNX Runtime", ["node", str(HERE / "network_onnxruntime.js"), str(folder / f"net_{edge}.onnx"), given, out,
                           str(edge), str(threads), str(repeats)]
    yield "PyTorch, eager", [sys.executable, str(HERE / "network.py"), "--torch-pass", str(folder), out, str(edge),
                             str(threads), str(repeats)]


def run_one(options, command):
    """What the process prints."""
    env = {**os.environ, "OMP_WAIT_POLICY": "passive", "NODE_PATH": str(options.peers / "node_modules")}
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, env=env, check=True).stdout)


def measure(options, edge, threads):
    results = {}
    wanted = np.fromfile(options.output / f"float64_{edge}.bin") if edge == options.edges[0] else None
    for _ in range(options.rounds):
        for name, command in commands(options, edge, threads):
            one = run_one(options, command)
            total = results.setdefault(name, {"seconds": [], "cpu_seconds": [], "peak_mb": 0})
            total["seconds"] += one["seconds"]
            total["cpu_seconds"] += one["cpu_seconds"]
            total["peak_mb"] = max(total["peak_mb"], one["peak_kilobytes"] / 1024)
            if wanted is not None:
                logits = np.fromfile(options.output / "logits.bin", "<f4")
                total["largest_difference"] = float(np.abs(logits - wanted).max())
                total["largest_logit"] = float(np.abs(wanted).max())
    return results


def print_table(edge, threads, results):
    print(f"\n{edge}^3, threads: {threads}\n\n| engine | CPU s | times ours | wall s | peak MB | from float64 |")
    print("|---|---|---|---|---|---|")
    ours = statistics.median(results["Hepar, default"]["cpu_seconds"])
    for name, one in results.items():
        cpu, wall = (statistics.median(one[key]) for key in ("cpu_seconds", "seconds"))
        difference = f"{one['largest_difference']:.1e}" if "largest_difference" in one else ""
        print(f"| {name} | {cpu:.3f} | {cpu / ours:.2f} | {wall:.3f} | {one['peak_mb']:.0f} | {difference} |")
    sys.stdout.flush()


def main():
    if sys.argv[1:2] == ["--torch-pass"]:
        folder, output, *numbers = sys.argv[2:]
        return torch_passes(pathlib.Path(folder), output, *map(int, numbers))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network_run", help="the program bench/network_run")
    parser.add_argument("--peers", type=pathlib.Path, default="build/peers", help="folder of install-network-peers")
    parser.add_argument("-o", "--output", type=pathlib.Path, default="build/network-peers")
    parser.add_argument("--edges", type=int, nargs="+", default=[64, 96, 128])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3, help="passes of each process")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    options.peers = options.peers.resolve()
    make_files(options.output, options.edges)
    figures = []
    for edge in options.edges:
        for threads in options.threads:
            results = measure(options, edge, threads)
            print_table(edge, threads, results)
            figures.append({"edge": edge, "threads": threads, "engines": results})
            (options.output / "network.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
