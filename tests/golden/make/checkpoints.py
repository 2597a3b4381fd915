"""Makes the checkpoint fixtures of tests/golden: what PyTorch and timm themselves write and compute.

    pip install torch timm safetensors        (made with torch 2.0.1, timm 1.0.9, on a CPU)
    python tests/golden/make/checkpoints.py tests/golden

authors_tiny.pth          a checkpoint as the trainer of PUMA's authors saves it (their names, data-parallel prefix,
                          optimiser, argparse namespace, gradient scaler, tensors that lay on a GPU), of a tiny size
authors_tiny.safetensors  the same tensors without the prefix
authors_views.pth         the same model once more: no prefix, no namespace; transposed, half-precision and shared
                          storages
vit_tiny.safetensors      a randomly initialised timm ViT (patch 16, width 48, 3 heads, 2 blocks, 64 pixels)
vit_tiny_forward.safetensors     its input and `forward_features`
dinov2_tiny.safetensors   a randomly initialised timm DINOv2 (patch 14, LayerScale, width 48, 6 heads, 2 blocks,
                          positions for a grid of 37)
dinov2_tiny_forward.safetensors  its input of 56 pixels; `forward_features` of it, and of it repeated 4 x 4 to 224
                                 pixels; the position embeddings interpolated for both
"""

import argparse
import collections
import pathlib
import sys

import timm
import torch
from safetensors.torch import save_file
from timm.layers import resample_abs_pos_embed

OUT = pathlib.Path(sys.argv[1])
D, DEPTH, MLP, PATCH, GRID, POOL, LENGTH, RANK, EMBEDDING = 12, 12, 24, 4, 4, 5, 3, 4, 6


def linear(state, name, outputs, inputs):
    state[f"{name}.weight"] = torch.randn(outputs, inputs) * 0.1
    state[f"{name}.bias"] = torch.randn(outputs) * 0.1


def norm(state, name):
    state[f"{name}.weight"] = 1 + torch.randn(D) * 0.1
    state[f"{name}.bias"] = torch.randn(D) * 0.1


def authors_state():
    """The tensors of their model, random, in the order their modules are declared."""
    state = collections.OrderedDict()
    state["body.cls_token"] = torch.randn(1, 1, D)
    positions = torch.randn(1, 1 + GRID * GRID, D)
    repeated = positions[:, :1].expand(-1, 1 + LENGTH, -1)
    state["body.pos_embed"] = torch.cat([repeated, positions[:, 1:]], dim=1)
    state["body.patch_embed.proj.weight"] = torch.randn(D, 3, PATCH, PATCH) * 0.1
    state["body.patch_embed.proj.bias"] = torch.randn(D) * 0.1
    for letter, size in [("p", (POOL, LENGTH, D)), ("k", (POOL, D)), ("a", (POOL, D))]:
        state[f"body.prompt.e_{letter}_-1"] = torch.randn(*size)
    state["body.prompt.bn.running_mean"] = torch.zeros(POOL)
    state["body.prompt.bn.running_var"] = torch.ones(POOL)
    state["body.prompt.bn.num_batches_tracked"] = torch.tensor(0)
    for block in range(DEPTH):
        state[f"body.adapter.d.{block}"] = torch.randn(2, D, RANK)
        state[f"body.adapter.u.{block}"] = torch.randn(2, RANK, D)
        state[f"body.adapter.s.{block}"] = 0.1 * torch.ones(2)
    for block in range(DEPTH):
        norm(state, f"body.blocks.{block}.norm1")
        linear(state, f"body.blocks.{block}.attn.qkv", 3 * D, D)
        linear(state, f"body.blocks.{block}.attn.proj", D, D)
        norm(state, f"body.blocks.{block}.norm2")
        linear(state, f"body.blocks.{block}.mlp.fc1", MLP, D)
        linear(state, f"body.blocks.{block}.mlp.fc2", D, MLP)
    norm(state, "body.norm")
    linear(state, "last_layer.0", EMBEDDING, D)
    return state


def authors_arguments():
    """A part of their trainer's command line, with its types of values."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="vit_small_patch16_224")
    parser.add_argument("--image_size", type=int, default=224)
    parser.add_argument("--pooling", default="cls")
    parser.add_argument("--use_fp16", type=bool, default=True)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--load_from", default=None)
    parser.add_argument("--global_crops_scale", type=float, nargs="+", default=(0.2, 1.0))
    parser.add_argument("--dataset", nargs="+", default=["All"])
    parser.add_argument("--nb_knn", type=int, nargs="+", default=[10, 20, 100, 200])
    parser.add_argument("--seed", type=int, default=2**40)
    parser.add_argument("--loss", default="CurricularFace")
    parser.add_argument("--hyp_c", type=float, default=0.0)
    return parser.parse_args([])


def optimiser_state(state):
    """AdamW after two steps on the trainable part, in two named groups."""
    trainable = [n for n in state if ".adapter." in n or ".prompt.e_" in n or n.startswith("last_layer")]
    parameters = [torch.nn.Parameter(state[name].clone()) for name in trainable]
    proxies = torch.nn.Parameter(torch.randn(7, EMBEDDING))
    optimiser = torch.optim.AdamW(
        [
            {"params": parameters, "name": "new_params", "lr": 1e-3, "lr_scale": 10},
            {"params": [proxies], "name": "proxies", "lr": 1.0, "lr_scale": 1e4},
        ],
        weight_decay=1e-4,
    )
    for _ in range(2):
        for parameter in [*parameters, proxies]:
            parameter.grad = torch.randn_like(parameter)
        optimiser.step()
    return optimiser.state_dict()


def make_authors():
    state = authors_state()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, OUT / "authors_tiny.safetensors")
    # Their tensors are saved from a GPU, which the file says of each storage.
    torch.serialization.register_package(1, lambda storage: "cuda:0", lambda storage, place: storage)
    wrapped = collections.OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())
    wrapped._metadata = collections.OrderedDict({"": {"version": 1}, "module": {"version": 1}})
    scaler = {"scale": 65536.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000, "_growth_tracker": 3}
    torch.save(
        {
            "stduent": wrapped,
            "optimizer": optimiser_state(state),
            "epoch": 41,
            "args": authors_arguments(),
            "fp16_scaler": scaler,
        },
        OUT / "authors_tiny.pth",
    )
    views = collections.OrderedDict(state)
    weight = state["last_layer.0.weight"]
    views["last_layer.0.weight"] = weight.t().contiguous().t()
    both = torch.cat([state["body.norm.weight"], state["body.norm.bias"]])
    views["body.norm.weight"], views["body.norm.bias"] = both[:D], both[D:]
    views["body.adapter.s.0"] = torch.tensor([0.1]).expand(2)
    views["body.cls_token"] = torch.nn.Parameter(state["body.cls_token"])
    views["body.prompt.bn.running_var"] = state["body.prompt.bn.running_var"].half()
    torch.save({"stduent": views}, OUT / "authors_views.pth")


def randomised(model):
    """Large enough values that a mistake in any tensor is seen in the output."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("gamma"):
                parameter.copy_(torch.rand_like(parameter) + 0.2)
            elif "norm" in name and name.endswith("weight"):
                parameter.copy_(1 + 0.1 * torch.randn_like(parameter))
            elif name.endswith("bias"):
                parameter.copy_(0.1 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * (0.5 if name in ("cls_token", "pos_embed") else 0.08))
    return model.eval()


def make_vit():
    model = randomised(
        timm.create_model(
            "vit_small_patch16_224", img_size=64, embed_dim=48, depth=2, num_heads=3, num_classes=5
        )
    )
    pixels = torch.randn(2, 3, 64, 64)
    save_file(model.state_dict(), OUT / "vit_tiny.safetensors")
    save_file(
        {"pixels": pixels, "features": model.forward_features(pixels).contiguous()},
        OUT / "vit_tiny_forward.safetensors",
    )


def make_dinov2():
    model = randomised(
        timm.create_model(
            "vit_small_patch14_dinov2",
            img_size=518,
            embed_dim=48,
            depth=2,
            num_heads=6,
            num_classes=0,
            dynamic_img_size=True,
        )
    )
    pixels = torch.randn(2, 3, 56, 56)
    large = pixels[:1].repeat(1, 1, 4, 4)
    save_file(model.state_dict(), OUT / "dinov2_tiny.safetensors")
    save_file(
        {
            "pixels": pixels,
            "features_56": model.forward_features(pixels).contiguous(),
            "features_224": model.forward_features(large).contiguous(),
            "positions_4": resample_abs_pos_embed(model.pos_embed, (4, 4)).contiguous(),
            "positions_16": resample_abs_pos_embed(model.pos_embed, (16, 16)).contiguous(),
        },
        OUT / "dinov2_tiny_forward.safetensors",
    )


torch.manual_seed(0)
with torch.no_grad():
    make_vit()
    make_dinov2()
make_authors()
