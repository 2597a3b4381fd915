"""PUMA in PyTorch, with the tensor names of this program's checkpoints: what its speed and its numbers are held against.

Written from the paper (Kim, Kim, Kwak, WACV 2025) and its formulas in plain PyTorch operations, each the fastest that
PyTorch has for it.
"""

import json
import math
import struct

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


def read_checkpoint(path):
    """The configuration and the tensors, f32, of a checkpoint that `puma train` wrote."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        metadata = json.loads(file.read(length))["__metadata__"]
    tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
    return json.loads(metadata["config"]), tensors


class Adapter(nn.Module):
    def __init__(self, down, up):
        super().__init__()
        self.down, self.up = nn.Parameter(down.clone()), nn.Parameter(up.clone())

    def forward(self, h, gate):
        y = 0.1 * (F.relu(h @ self.down) @ self.up)
        return y if gate is None else gate * y


class Block(nn.Module):
    def __init__(self, tensors, index, width, mlp_width, heads, eps):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=eps), nn.LayerNorm(width, eps=eps)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, mlp_width), nn.Linear(mlp_width, width)
        names = {
            "norm1": self.norm1, "norm2": self.norm2, "attn.qkv": self.qkv, "attn.proj": self.proj,
            "mlp.fc1": self.fc1, "mlp.fc2": self.fc2,
        }
        for name, layer in names.items():
            for part in ("weight", "bias"):
                value = tensors[f"vit.blocks.{index}.{name}.{part}"]
                setattr(layer, part, nn.Parameter(value.clone(), requires_grad=False))
        self.adapters = nn.ModuleList(
            Adapter(tensors[f"adapters.{index}.{branch}.down"], tensors[f"adapters.{index}.{branch}.up"])
            for branch in ("attn", "mlp")
        )

    def attention(self, h):
        b, n, d = h.shape
        q, k, v = self.qkv(h).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, n, d))

    def forward(self, x, gates=None):
        gates = gates or (None, None)
        h = self.norm1(x)
        x = x + self.attention(h) + self.adapters[0](h, gates[0])
        h = self.norm2(x)
        return x + self.fc2(F.gelu(self.fc1(h))) + self.adapters[1](h, gates[1])


class Puma(nn.Module):
    """Normalised pixels `[B, 3, H, W]` to embeddings `[B, e]` of unit length."""

    def __init__(self, config, tensors, side):
        super().__init__()
        vit = config["vit"]
        width, self.patch = vit["width"], vit["patch_size"]

        def frozen(name):
            return nn.Parameter(tensors[name].clone(), requires_grad=False)

        self.patch_weight, self.patch_bias = frozen("vit.patch_embed.proj.weight"), frozen("vit.patch_embed.proj.bias")
        positions = tensors["vit.pos_embed"]
        grid, stored = side // self.patch, vit["position_grid"]
        if grid != stored:
            square = positions[:, 1:].reshape(1, stored, stored, width).permute(0, 3, 1, 2)
            square = F.interpolate(square, size=(grid, grid), mode="bicubic", antialias=True, align_corners=False)
            positions = torch.cat([positions[:, :1], square.permute(0, 2, 3, 1).reshape(1, grid * grid, width)], 1)
        self.cls_position = nn.Parameter(positions[:, :1].clone(), requires_grad=False)
        self.positions = nn.Parameter(positions[:, 1:].clone(), requires_grad=False)
        self.cls_token = frozen("vit.cls_token")
        self.blocks = nn.ModuleList(
            Block(tensors, index, width, vit["mlp_width"], vit["heads"], vit["layer_norm_eps"])
            for index in range(vit["depth"])
        )
        self.norm = nn.LayerNorm(width, eps=vit["layer_norm_eps"])
        self.norm.weight, self.norm.bias = frozen("vit.norm.weight"), frozen("vit.norm.bias")
        for name in ("prompts", "keys", "attention"):
            setattr(self, name, nn.Parameter(tensors[f"prompt_pool.{name}"].clone()))
        self.head = nn.Linear(width, tensors["head.weight"].shape[0])
        self.head.weight = nn.Parameter(tensors["head.weight"].clone())
        self.head.bias = nn.Parameter(tensors["head.bias"].clone())

    def similarity(self, patches):
        patches = patches.detach()
        query = (patches.mean(1) + patches.amax(1)) / 2
        attended = query.unsqueeze(1) * torch.softmax(self.attention, 1)
        return F.cosine_similarity(attended, self.keys.unsqueeze(0), dim=2) / (1 + 1e-5) ** 0.5

    def forward(self, pixels, gates=None):
        patches = F.conv2d(pixels, self.patch_weight, self.patch_bias, stride=self.patch).flatten(2).transpose(1, 2)
        b, _, d = patches.shape
        pool, length, _ = self.prompts.shape
        prompt = (self.similarity(patches) @ self.prompts.reshape(pool, length * d)).reshape(b, length, d)
        cls = (self.cls_token + self.cls_position).expand(b, 1, d)
        x = torch.cat([cls, prompt + self.cls_position, patches + self.positions], 1)
        for index, block in enumerate(self.blocks):
            x = block(x, None if gates is None else gates[index])
        return F.normalize(self.head(self.norm(x)[:, 0]), dim=1)


class CurricularFace(nn.Module):
    """The loss of the published setting, with one running positive similarity a class."""

    def __init__(self, classes, width, margin=0.3, scale=32.0):
        super().__init__()
        self.proxies = nn.Parameter(torch.randn(classes, width))
        self.register_buffer("running", torch.zeros(classes))
        self.margin, self.scale = margin, scale

    def forward(self, embeddings, labels):
        cosines = (embeddings @ F.normalize(self.proxies, dim=1).T).clamp(-1, 1)
        own = cosines.gather(1, labels[:, None])
        sine = (1 - own * own).clamp_min(0).sqrt()
        cos_m, sin_m = math.cos(self.margin), math.sin(self.margin)
        phi = torch.where(own > -cos_m, own * cos_m - sine * sin_m, own - self.margin * sin_m)
        running = self.running[labels][:, None]
        logits = torch.where(cosines > phi, cosines * (cosines + running), cosines)
        logits = logits.scatter(1, labels[:, None], phi)
        with torch.no_grad():
            counts = torch.zeros_like(self.running).index_add(0, labels, torch.ones_like(own[:, 0]))
            means = torch.zeros_like(self.running).index_add(0, labels, own[:, 0]) / counts.clamp_min(1)
            self.running.copy_(torch.where(counts > 0, 0.99 * self.running + 0.01 * means, self.running))
        return F.cross_entropy(self.scale * logits, labels)


class Step:
    """One training step as `puma train` does it: frozen ViT; adapters, prompts, head and proxies trained.

    `compiled` takes the place of the model's forward pass, in `dtype` where that is not f32.
    """

    def __init__(self, model, classes, compiled=None, dtype=torch.float32):
        self.model, self.dtype = model, dtype
        self.compiled = model if compiled is None else compiled
        self.device = model.head.weight.device
        self.loss = CurricularFace(classes, model.head.out_features).to(self.device)
        self.trained = [p for p in model.parameters() if p.requires_grad]
        groups = [{"params": self.trained, "lr": 1e-3}, {"params": [self.loss.proxies], "lr": 1.0}]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=1e-4)

    def __call__(self, pixels, labels):
        b = len(pixels)
        device = self.device
        gates = [tuple(2.0 * (torch.rand(b, 1, 1, device=device) < 0.5) for _ in range(2)) for _ in self.model.blocks]
        with torch.autocast(device.type, self.dtype, enabled=self.dtype != torch.float32):
            embeddings = self.compiled(pixels, gates)
        loss = self.loss(embeddings.float(), labels)
        for tensor in (self.model.keys, self.model.attention, self.model.prompts):
            rows = tensor.flatten(1)
            loss = loss + 1e-6 * (rows @ rows.T - torch.eye(len(rows), device=device)).square().mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_value_(self.trained + [self.loss.proxies], 1.0)
        self.optimizer.step()
        return loss.item()
