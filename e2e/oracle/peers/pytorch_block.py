"""The comparison's LoRA block, or its plain product, in PyTorch + PEFT on the CPU.

    python pytorch_block.py '{"task": "block", "rank": 16, "seconds": 3}'

The numbers are those of block-data.mjs, made by the same hash. Prints JSON as the other contenders do.
"""

import json
import os
import sys
import time

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaRotaryEmbedding

TOKENS, WIDTH, SCALE = 128, 576, 2
SHAPES = {"q": (576, 576), "k": (192, 576), "v": (192, 576), "o": (576, 576), "gate": (1536, 576), "up": (1536, 576), "down": (576, 1536)}


def values(name, count, size):
    seed = 7
    for letter in name:
        seed = (seed * 31 + ord(letter)) & 0xFFFFFFFF
    h = np.arange(count, dtype=np.uint64) * 0x9E3779B1 + np.uint64(seed)
    mask = np.uint64(0xFFFFFFFF)
    h &= mask
    # JavaScript's >>> on a 32-bit value, twice.
    for _ in range(2):
        h = ((h ^ (h >> np.uint64(16))) * np.uint64(0x45D9F3B)) & mask
    h ^= h >> np.uint64(16)
    return torch.from_numpy((size * (h.astype(np.float64) / 4294967296 - 0.5)).astype(np.float32))


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        config = LlamaConfig(hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=9, num_key_value_heads=3, intermediate_size=1536,
                             rms_norm_eps=1e-5, rope_theta=10000.0, attn_implementation="sdpa")
        self.rotary = LlamaRotaryEmbedding(config)
        self.layer = LlamaDecoderLayer(config, 0)
        self.positions = torch.arange(TOKENS)[None]

    def forward(self, x):
        cos_sin = self.rotary(x, self.positions)
        out = self.layer(x, attention_mask=None, position_ids=self.positions, position_embeddings=cos_sin)
        return out[0] if isinstance(out, tuple) else out


def measure(run, seconds):
    run()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    return {"best": times[0], "median": times[len(times) // 2], "runs": len(times)}


def block(rank, seconds):
    targets = [f"{name}_proj" for name in SHAPES]
    model = get_peft_model(Block(), LoraConfig(r=rank, lora_alpha=SCALE * rank, target_modules=targets))
    model.train()
    trained = {}
    with torch.no_grad():
        for path, module in model.named_modules():
            name = path.split(".")[-1].removesuffix("_proj")
            if not path.endswith("_proj"):
                continue
            outputs, inputs = SHAPES[name]
            module.base_layer.weight.copy_(values(f"w.{name}", outputs * inputs, 2 / inputs**0.5).view(outputs, inputs))
            a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
            a.copy_(values(f"a.{name}", rank * inputs, 2 / inputs**0.5).view(rank, inputs))
            b.copy_(values(f"b.{name}", outputs * rank, 0.1).view(outputs, rank))
            trained[f"a.{name}"], trained[f"b.{name}"] = a, b
    x = values("x", TOKENS * WIDTH, 1).view(1, TOKENS, WIDTH).requires_grad_()
    upstream = values("upstream", TOKENS * WIDTH, 1).view(1, TOKENS, WIDTH)
    optimizer = torch.optim.AdamW(trained.values(), lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)
    losses, norms = [], {}

    def step():
        loss = (model(x) * upstream).sum()
        loss.backward()
        if not norms:
            norms["x"] = x.grad.norm().item()
            norms.update({name: parameter.grad.norm().item() for name, parameter in trained.items()})
        optimizer.step()
        optimizer.zero_grad()
        x.grad = None
        losses.append(loss.item())

    clock = measure(step, seconds)
    return {**clock, "losses": losses[:3], "norms": norms}


def product(seconds):
    x = values("x", 128 * 576, 1).view(128, 576)
    w = values("w", 1536 * 576, 1).view(1536, 576)
    with torch.no_grad():
        clock = measure(lambda: x @ w.T, seconds)
        return {**clock, "norms": {"out": (x @ w.T).norm().item()}}


def main():
    question = json.loads(sys.argv[1])
    torch.set_num_threads(os.cpu_count())
    result = block(question["rank"], question["seconds"]) if question["task"] == "block" else product(question["seconds"])
    print(json.dumps({**result, "engine": f"PyTorch {torch.__version__} + PEFT"}))


if __name__ == "__main__":
    main()
