"""Embedding and training step of this program beside PyTorch and ONNX Runtime, in rounds in one run.

    cargo bench --bench embed --bench train_step --no-run      # names both programs
    python3 tests/bench/peers/speed.py --photos FOLDER --embed PROGRAM --step PROGRAM

Everybody gets the same threads. Waiting threads sleep instead of spinning, so that processor time is time of work, also
where other programs run. Prints medians over the rounds; ratios are medians of the ratios within a round.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--checkpoint", type=Path, default=Path("models/puma.safetensors"))
parser.add_argument("--photos", type=Path, required=True, help="a folder of photos; a few are embedded by all")
parser.add_argument("--embed", type=Path, required=True, help="the program of `cargo bench --bench embed`")
parser.add_argument("--step", type=Path, help="the program of `cargo bench --bench train_step`")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", default="1,2")
parser.add_argument("--batches", default="1,4,8,16")
parser.add_argument("--pictures", type=int, default=32, help="embedded per measurement")
parser.add_argument("--steps", default="224x48,160x90", help="crop in pixels x batch")
args = parser.parse_args()
os.environ["OMP_WAIT_POLICY"] = "passive"

import numpy as np  # noqa: E402 (after OMP_WAIT_POLICY)
import onnxruntime  # noqa: E402
import torch  # noqa: E402
from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

from puma_torch import Puma, Step, read_checkpoint  # noqa: E402

work = Path(tempfile.mkdtemp(prefix="puma-speed-"))
config, tensors = read_checkpoint(args.checkpoint)
side = config["vit"]["image_size"]
threads_list = [int(n) for n in args.threads.split(",")]
batches = [int(n) for n in args.batches.split(",")]


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def evaluation_crop(path):
    """Shorter side to 256, centre crop: the bytes `[side, side, 3]`."""
    image = Image.open(path).convert("RGB")
    shorter = side * 256 // 224
    scale = shorter / min(image.size)
    image = image.resize([max(shorter, int(n * scale)) for n in image.size], Image.BICUBIC)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return np.asarray(image.crop((left, top, left + side, top + side)))


def normalised(crops):
    x = (crops.astype(np.float32) / 255 - np.float32(config["mean"])) / np.float32(config["std"])
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


photos = sorted(args.photos.rglob("*.jpg"))
photos = photos[:: max(1, len(photos) // args.pictures)][: args.pictures]
crops = np.stack([evaluation_crop(path) for path in photos])
pixels = normalised(crops)
model = Puma(config, tensors, side).eval()
for parameter in model.parameters():
    parameter.requires_grad = False
single, eight = work / "puma.onnx", work / "puma-int8.onnx"
torch.onnx.export(
    model, (torch.from_numpy(pixels[:2]),), str(single), dynamo=False, opset_version=17, input_names=["pixels"],
    output_names=["embedding"], dynamic_axes={"pixels": {0: "batch"}, "embedding": {0: "batch"}},
)
quantize_dynamic(single, eight, weight_type=QuantType.QInt8)

# Everybody has the same model: cosines to PyTorch's f32.
save_file({"crops": crops}, work / "crops.safetensors")
ours = ["--crops", work / "crops.safetensors", "--model", args.checkpoint, "--pictures", str(len(crops))]
subprocess.run([args.embed, *ours, "--rounds", "0", "--out", work / "out.safetensors"], check=True)
with torch.inference_mode():
    expected = model(torch.from_numpy(pixels)).numpy()
answers = dict(load_file(work / "out.safetensors"))
answers = {f"puma {name}": rows for name, rows in answers.items()}
for name, path in (("ONNX Runtime f32", single), ("ONNX Runtime int8", eight)):
    answers[name] = session(path, 2).run(None, {"pixels": pixels})[0]
print(f"cosine to PyTorch's f32 over {len(crops)} photos:")
for name, rows in sorted(answers.items()):
    cosines = (rows * expected).sum(1)
    print(f"  {name:20} least {cosines.min():.6f} mean {cosines.mean():.6f}")

figures = {}


def note(name, threads, batch, wall_ms, cpu_ms):
    figures.setdefault((name, threads, batch), []).append((wall_ms, cpu_ms))


def measure(name, threads, batch, call):
    call(pixels[:batch])
    start, cpu = time.perf_counter(), cpu_s()
    for first in range(0, len(pixels), batch):
        call(pixels[first : first + batch])
    note(name, threads, batch, 1e3 * (time.perf_counter() - start) / len(pixels), 1e3 * (cpu_s() - cpu) / len(pixels))


def torch_call(x):
    with torch.inference_mode():
        model(torch.from_numpy(x))


sessions = {
    (name, threads): session(path, threads)
    for name, path in (("ONNX Runtime f32", single), ("ONNX Runtime int8", eight))
    for threads in threads_list
}
for _ in range(args.rounds):
    for threads in threads_list:
        output = subprocess.run(
            [args.embed, *ours, "--rounds", "1", "--threads", str(threads), "--batches", args.batches],
            check=True, capture_output=True, text=True,
        ).stdout
        for line in map(json.loads, output.splitlines()):
            wall_ms = 1e3 / line["pictures_per_s"]
            note(f"puma {line['precision']}", threads, line["batch"], wall_ms, line["cpu_ms_per_picture"])
        torch.set_num_threads(threads)
        for batch in batches:
            measure("PyTorch f32", threads, batch, torch_call)
            for name in ("ONNX Runtime f32", "ONNX Runtime int8"):
                run = sessions[name, threads].run
                measure(name, threads, batch, lambda x, run=run: run(None, {"pixels": x}))


def medians(values):
    return [statistics.median(column) for column in zip(*values)]


print(f"\nms a picture, medians of {args.rounds} rounds (wall / processor):")
names = sorted({name for name, _, _ in figures})
for threads in threads_list:
    print(f"  {threads} threads, batches {batches}")
    for name in names:
        cells = [medians(figures[name, threads, batch]) for batch in batches]
        print(f"    {name:20} " + "  ".join(f"{wall:6.1f} / {cpu:5.1f}" for wall, cpu in cells))
    best = {
        name: min(batches, key=lambda batch: medians(figures[name, threads, batch])[0]) for name in names
    }
    for mine in (name for name in names if name.startswith("puma")):
        for name in names:
            if name.startswith("puma"):
                continue
            both = zip(figures[name, threads, best[name]], figures[mine, threads, best[mine]])
            wall, cpu = medians([(a[0] / b[0], a[1] / b[1]) for a, b in both])
            print(f"    {mine} is {wall:.2f} (wall), {cpu:.2f} (processor) times as fast as {name}, each at its best batch")

if args.step:
    torch.set_num_threads(2)
    for setting in args.steps.split(","):
        crop_px, batch = map(int, setting.split("x"))
        x, labels = torch.randn(batch, 3, crop_px, crop_px), torch.arange(batch) * 5 % 268
        # Each in f32, and with products of bf16: `--mixed-precision true` here, autocast there.
        for precision, words, dtype in (("f32", [], torch.float32), ("bf16", ["mixed"], torch.bfloat16)):
            step = Step(Puma(config, tensors, crop_px), 268, dtype=dtype)
            rounds = []
            for _ in range(args.rounds):
                output = subprocess.run(
                    [args.step, str(crop_px), str(batch), "6", "2", "puma", *words],
                    check=True, capture_output=True, text=True,
                ).stdout  # fmt: skip
                speed, cpu_ms = re.findall(r"step ([\d.]+) pictures/s \(([\d.]+) CPU-ms", output)[-1]
                step(x, labels)
                start, cpu = time.perf_counter(), cpu_s()
                step(x, labels)
                wall = time.perf_counter() - start
                rounds.append((1e3 / float(speed), float(cpu_ms), 1e3 * wall / batch, 1e3 * (cpu_s() - cpu) / batch))
            ours_wall, ours_cpu, wall, cpu = medians(rounds)
            ratio_wall, ratio_cpu = medians([(r[2] / r[0], r[3] / r[1]) for r in rounds])
            print(
                f"\ntraining step in {precision}, {crop_px} px, batch {batch}, 2 threads, ms a picture (wall / processor): "
                f"puma {ours_wall:.0f} / {ours_cpu:.0f}, PyTorch {wall:.0f} / {cpu:.0f}; "
                f"puma is {ratio_wall:.2f} / {ratio_cpu:.2f} times as fast"
            )
