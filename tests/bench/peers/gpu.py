"""This program on a GPU beside PyTorch on the same one: parity, embedding and training step, in rounds in one run.

tests/bench/gpu.sh builds both programs and calls this. Both sides begin with the same bytes in the memory of the machine
and end with embeddings there; PyTorch computes in bf16, compiled, its training steps in autocast, beside which this
program's are in f32, with products in TF32, and in mixed precision, which is the same as autocast. Prints a table of medians
and ratios (medians of the ratios within a round). All figures are written as JSON after each round: what was measured is
kept where a run is cut off. Without PyTorch only this program is measured.
"""

import argparse
import json
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--embed", type=Path, required=True, help="the program of `cargo bench --bench embed`")
parser.add_argument("--step", type=Path, required=True, help="the program of `cargo bench --bench train_step`")
parser.add_argument("--device", default="cuda", help="cuda, cuda:N, metal or cpu")
parser.add_argument("--batch", type=int, default=256)
parser.add_argument("--pictures", type=int, default=4096, help="embedded per measurement")
parser.add_argument("--train-batch", type=int, default=180)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--no-compile", action="store_true", help="PyTorch as it is")
parser.add_argument("--json", type=Path, help="where all figures go")
args = parser.parse_args()

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "models/puma.safetensors"
work = Path(tempfile.mkdtemp(prefix="puma-gpu-"))
small = work / "vit-small.safetensors"
MODELS = {"ViT-Tiny": (SHIPPED, "deit-tiny"), "ViT-S": (small, "vit-small")}
common = ["--device", args.device]

try:
    import torch

    from puma_torch import Puma, Step, read_checkpoint
except ImportError as error:
    torch = None
    print(f"PyTorch is left out: {error}")


def ours(program, *options):
    command = [str(program), *map(str, options)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def synchronise():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Peer:
    """PyTorch's side of one model."""

    def __init__(self, checkpoint):
        self.device = torch.device({"metal": "mps"}.get(args.device, args.device))
        config, tensors = read_checkpoint(checkpoint)
        self.side, self.tensors, self.config = config["vit"]["image_size"], tensors, config
        model = Puma(config, tensors, self.side).eval().to(self.device, torch.bfloat16)
        mean, std = (torch.tensor(config[name], device=self.device).view(1, 3, 1, 1) for name in ("mean", "std"))

        def forward(crops):
            pixels = (crops.permute(0, 3, 1, 2).float() / 255 - mean) / std
            return model(pixels.to(torch.bfloat16)).float()

        self.forward = forward if args.no_compile else torch.compile(forward)
        crops = torch.randint(256, (args.pictures, self.side, self.side, 3), dtype=torch.uint8)
        self.crops = crops.pin_memory() if self.device.type == "cuda" else crops
        trained = Puma(config, tensors, self.side).to(self.device)
        self.train = Step(
            trained, 268, None if args.no_compile else torch.compile(trained), dtype=torch.bfloat16
        )

    def pictures_per_s(self):
        def run(crops):
            with torch.inference_mode():
                return self.forward(crops.to(self.device, non_blocking=True)).cpu()

        for _ in range(3):
            run(self.crops[: args.batch])
        synchronise()
        start = time.perf_counter()
        for first in range(0, len(self.crops), args.batch):
            run(self.crops[first : first + args.batch])
        synchronise()
        return len(self.crops) / (time.perf_counter() - start)

    def steps_per_s(self):
        b = args.train_batch
        pixels = torch.randn(b, 3, self.side, self.side, device=self.device)
        labels = torch.arange(b, device=self.device) * 5 % 268
        for _ in range(3):
            self.train(pixels, labels)
        synchronise()
        start = time.perf_counter()
        for _ in range(3):
            self.train(pixels, labels)
        synchronise()
        return 3 / (time.perf_counter() - start)


def our_pictures_per_s(options):
    output = ours(
        args.embed, *common, *options, "--rounds", 1, "--precision", "rounded", "--batches", args.batch,
        "--pictures", args.pictures,
    )
    lines = [json.loads(line) for line in output.splitlines()]
    return max(line["pictures_per_s"] for line in lines)


def our_steps_per_s(backbone, *words):
    output = ours(
        args.step, 224, args.train_batch, 6, 4, "puma", f"device={args.device}", f"backbone={backbone}", *words
    )
    # The first steps allocate.
    speeds = [float(speed) for speed in re.findall(r"step ([\d.]+) pictures/s", output)]
    return statistics.median(speeds[1:]) / args.train_batch


def write():
    """All figures so far; the file is whole at any time."""
    if args.json is None:
        return
    options = {name: str(value) for name, value in vars(args).items()}
    text = json.dumps({"options": options, "parity": parities, "figures": figures}, indent=1)
    begun = args.json.with_name(args.json.name + ".part")
    begun.write_text(text + "\n")
    begun.replace(args.json)


print(f"device {args.device}, batch {args.batch}, {args.pictures} pictures, {args.rounds} rounds")
if torch is not None and torch.cuda.is_available():
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
ours(args.embed, *common, "--random", "vit-small", "--save", small, "--rounds", 0, "--pictures", 1)
parities, figures = {}, {}
for name, (checkpoint, _) in MODELS.items():
    parity = ours(
        args.embed, *common, "--model", checkpoint, "--parity", "yes", "--photos", ROOT / "tests/golden/photos",
        "--rounds", 0, "--precision", "rounded,single,f16,bf16",
    )
    print(f"{name}:\n{parity}", end="")
    parities[name] = [json.loads(line) for line in parity.splitlines()]
    write()

for name, (checkpoint, backbone) in MODELS.items():
    peer = Peer(checkpoint) if torch is not None else None
    for _ in range(args.rounds):
        note = figures.setdefault(name, {}).setdefault
        note("puma pictures/s", []).append(our_pictures_per_s(["--model", checkpoint]))
        note("puma steps/s", []).append(our_steps_per_s(backbone))
        note("puma steps/s, mixed", []).append(our_steps_per_s(backbone, "mixed"))
        if args.device.startswith("cuda"):
            note("puma steps/s, TF32", []).append(our_steps_per_s(backbone, "tf32"))
        if peer:
            note("PyTorch pictures/s", []).append(peer.pictures_per_s())
            note("PyTorch steps/s", []).append(peer.steps_per_s())
        write()

for name, measured in figures.items():
    print(f"\n{name} with PUMA, 224 px, embedding batch {args.batch}, training batch {args.train_batch}:")
    for what, peer, target in (
        ("pictures/s", "pictures/s", 1.0), ("steps/s", "steps/s", 0.5), ("steps/s, TF32", "steps/s", 0.5),
        ("steps/s, mixed", "steps/s", 0.5),
    ):
        mine = measured.get(f"puma {what}")
        if mine is None:
            continue
        line = f"  {what:14}  puma {statistics.median(mine):10.2f}"
        if theirs := measured.get(f"PyTorch {peer}"):
            ratio = statistics.median(a / b for a, b in zip(mine, theirs))
            line += f"  PyTorch {statistics.median(theirs):10.2f}  ratio {ratio:.2f} (aim {target})"
        print(line)
