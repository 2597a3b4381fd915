"""Indexing a folder of photos with Pillow and ONNX Runtime: the pipeline that a program in Python would have.

    python3 tests/bench/peers/indexing.py FOLDER [--decode draft|full]

Every photo is decoded (`draft`: Pillow lets the JPEG decoder reduce it), made into a thumbnail of 256 px and into what the
model sees, and embedded by ONNX Runtime in f32, several threads decoding and one session embedding batches of 4 on all
cores. Prints processor ms a photo and photos a second, as `cargo bench --bench indexing -- 30 3 --keep FOLDER` does for
the program on the same photos.
"""

import argparse
import io
import os
import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--checkpoint", type=Path, default=Path("models/puma.safetensors"))
parser.add_argument("--decode", choices=["draft", "full"], default="draft")
parser.add_argument("--rounds", type=int, default=2)
args = parser.parse_args()
os.environ["OMP_WAIT_POLICY"] = "passive"

import numpy as np  # noqa: E402 (after OMP_WAIT_POLICY)
import onnxruntime  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

from puma_torch import Puma, read_checkpoint  # noqa: E402

config, tensors = read_checkpoint(args.checkpoint)
side = config["vit"]["image_size"]
mean, std = (np.float32(config[name]) for name in ("mean", "std"))


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def look(path):
    """A photo's pixels for the model, `[3, side, side]`; its thumbnail is made on the way, as an indexing program has it."""
    image = Image.open(path)
    shorter = side * 256 // 224
    if args.decode == "draft":
        image.draft("RGB", (2 * shorter, 2 * shorter))
    image = image.convert("RGB")
    small = image.copy()
    small.thumbnail((256, 256))
    small.save(io.BytesIO(), "JPEG", quality=85)
    scale = shorter / min(image.size)
    image = image.resize([max(shorter, int(n * scale)) for n in image.size], Image.BICUBIC)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    crop = np.asarray(image.crop((left, top, left + side, top + side)), dtype=np.float32)
    return ((crop / 255 - mean) / std).transpose(2, 0, 1)


model = Puma(config, tensors, side).eval()
for parameter in model.parameters():
    parameter.requires_grad = False
onnx = Path(tempfile.mkdtemp(prefix="puma-indexing-")) / "puma.onnx"
torch.onnx.export(
    model, (torch.zeros(2, 3, side, side),), str(onnx), dynamo=False, opset_version=17, input_names=["pixels"],
    output_names=["embedding"], dynamic_axes={"pixels": {0: "batch"}, "embedding": {0: "batch"}},
)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = os.cpu_count()
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(str(onnx), options, providers=["CPUExecutionProvider"])

photos = sorted(args.folder.rglob("*.jpg"))
for number in range(args.rounds):
    started, before = time.perf_counter(), cpu_s()
    with ThreadPoolExecutor(os.cpu_count()) as decoders:
        batch = []
        for pixels in decoders.map(look, photos):
            batch.append(pixels)
            if len(batch) == 4:
                session.run(None, {"pixels": np.ascontiguousarray(np.stack(batch))})
                batch = []
        if batch:
            session.run(None, {"pixels": np.ascontiguousarray(np.stack(batch))})
    wall, cpu = time.perf_counter() - started, cpu_s() - before
    print(f"round {number}: {1e3 * cpu / len(photos):.0f} CPU-ms a photo, {len(photos) / wall:.1f} photos/s")
