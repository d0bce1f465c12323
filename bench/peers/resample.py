#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Resampling as nnU-Net v2 does it in Python, against bench/resize_bench:

    /usr/bin/python3 bench/peers/resample.py build/release/bench/resize_bench [--threads 2] [--rounds 3]

An image of 96 x 512 x 512 voxels becomes 240 x 520 x 520 (order 3), two float16 heads of that size come back
(order 1), each in space and slice by slice. Hepar's export also decides the labels, as `hepar predict` does. Every run is a process of its own, which prints its seconds by
the clock and of all its threads together, and its VmHWM in MB. The median of the rounds counts. The calls are those of
nnunetv2/preprocessing/resampling/default_resampling.py: skimage.transform.resize and, between slices,
scipy.ndimage.map_coordinates of order 0 on np.mgrid coordinates.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

SCAN, NETWORK = (96, 512, 512), (240, 520, 520)
JOBS = {  # name: channels, order, slice by slice, from, to
    "image": (0, 3, False, SCAN, NETWORK),
    "image, slices": (0, 3, True, SCAN, NETWORK),
    "export": (2, 1, False, NETWORK, SCAN),
    "export, slices": (2, 1, True, NETWORK, SCAN),
}


def make_input(path, channels, shape):
    """Smooth with noise, in the value range of a normalised CT."""
    rng = np.random.default_rng(1)
    with open(path, "wb") as file:
        for _ in range(max(1, channels)):
            for k in range(shape[0]):
                wave = np.sin(np.arange(shape[1])[:, None] / 30 + k / 9) * np.cos(np.arange(shape[2]) / 40)
                plane = 2 * wave + rng.normal(0, 0.3, shape[1:])
                file.write(plane.astype(np.float16 if channels else np.float32).tobytes())


def resample(data, new_shape, order, slices):
    from scipy.ndimage import map_coordinates
    from skimage.transform import resize

    kwargs = {"mode": "edge", "anti_aliasing": False}
    final = np.zeros((data.shape[0], *new_shape), dtype=data.dtype)
    shape = data.shape[1:]
    data = data.astype(float, copy=False)
    for c in range(data.shape[0]):
        if not slices:
            final[c] = resize(data[c], new_shape, order, **kwargs)
            continue
        here = np.zeros((shape[0], *new_shape[1:]))
        for k in range(shape[0]):
            here[k] = resize(data[c, k], new_shape[1:], order, **kwargs)
        axes = np.mgrid[: new_shape[0], : new_shape[1], : new_shape[2]]
        maps = [here.shape[a] / new_shape[a] * (axes[a] + 0.5) - 0.5 for a in range(3)]
        final[c] = map_coordinates(here, np.array(maps), order=0, mode="nearest")[None]
    return final


def run_peer(name, path, output):
    channels, order, slices, shape, new_shape = JOBS[name]
    data = np.fromfile(path, np.float16 if channels else np.float32).reshape(max(1, channels), *shape)
    import skimage.transform  # noqa: F401  its import is not part of the time

    start, processor_start = time.monotonic(), time.process_time()
    result = resample(data, new_shape, order, slices)
    seconds, processor = time.monotonic() - start, time.process_time() - processor_start
    with open("/proc/self/status") as status:
        peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    if output:
        result.tofile(output)
    print(f"{seconds:.3f} {processor:.3f} {peak_kb / 1024:.0f}")


def run_process(command):
    return [float(n) for n in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


def differences(peer_file, our_file):
    peer, ours = np.fromfile(peer_file, np.float32), np.fromfile(our_file, np.float32)
    return int(np.count_nonzero(peer != ours)), peer.size


def compare(args, name, folder):
    channels, order, slices, shape, new_shape = JOBS[name]
    source, peer_file, our_file = (os.path.join(folder, n) for n in ("input", "peer", "ours"))
    make_input(source, channels, shape)
    peer = [sys.executable, os.path.abspath(__file__), "--peer", name, source]
    ours = [args.program, "--input", source, "--order", str(order), "--channels", str(channels)]
    ours += ["--threads", str(args.threads), "--size", *map(str, shape[::-1]), "--to", *map(str, new_shape[::-1])]
    ours += ["--slices"] if slices else []
    peer_runs = [run_process(peer + ([] if channels else [peer_file]))]
    compared = "labels"
    if not channels:
        run_process(ours + ["--output", our_file])
        compared = "%d of %d" % differences(peer_file, our_file)
    our_runs = []
    for _ in range(args.rounds):
        our_runs.append(run_process(ours))
    for _ in range(args.rounds - 1):
        peer_runs.append(run_process(peer))
    middle = [[statistics.median(column) for column in zip(*runs)] for runs in (peer_runs, our_runs)]
    figures = "   ".join(f"{peer:7.2f} {ours:7.2f} {peer / ours:5.1f}" for peer, ours in zip(*middle))
    print(f"{name:15} {figures}   {compared}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="resize_bench")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", nargs="+", metavar=("JOB", "INPUT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        run_peer(args.peer[0], args.peer[1], args.peer[2] if len(args.peer) > 2 else None)
        return
    print("Python, ours, ratio of: seconds, processor seconds, peak MB; voxels that differ")
    with tempfile.TemporaryDirectory() as folder:
        for name in JOBS:
            compare(args, name, folder)


if __name__ == "__main__":
    main()
