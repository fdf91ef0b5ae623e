"""A Llama in plain torch that shares no code with transformers or PEFT: the second route that judges the judges.

It runs a packed batch at once, the way the engine does: each token carries its position and the index at which its
sequence starts, and attention looks from that index to the token itself. Any float type; float64 gives the true value
against which float32 noise is measured.
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

torch.set_num_threads(1)


class PlainLlama:
    def __init__(self, folder, dtype=torch.float32):
        self.config = json.loads((Path(folder) / "config.json").read_text("utf-8"))
        self.weights = {k: v.to(dtype) for k, v in load_file(Path(folder) / "model.safetensors").items()}
        rope = self.config.get("rope_parameters") or self.config
        self.theta, self.dtype = rope["rope_theta"], dtype

    def linear(self, x, path, adapter, scale):
        y = x @ self.weights[f"{path}.weight"].T
        if adapter is None:
            return y
        a, b = (adapter[f"base_model.model.{path}.lora_{side}.weight"] for side in "AB")
        return y + scale * (x @ a.T @ b.T)

    def norm(self, x, path):
        mean_square = x.square().mean(-1, keepdim=True)
        return self.weights[f"{path}.weight"] * x * (mean_square + self.config["rms_norm_eps"]).rsqrt()

    def rotate(self, x, positions):  # x: [T, H, D]; halves, not neighbours, are paired
        half = x.shape[-1] // 2
        angle = positions.to(self.dtype)[:, None] * self.theta ** (-torch.arange(half, dtype=self.dtype) / half)
        cos, sin = angle.cos()[:, None], angle.sin()[:, None]
        left, right = x[..., :half], x[..., half:]
        return torch.cat([left * cos - right * sin, right * cos + left * sin], dim=-1)

    def __call__(self, sequences, adapter=None, scale=0.0):
        """Logits [T, V] of the token lists laid end to end."""
        c = self.config
        heads, kv_heads, dim = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        ids = torch.tensor([token for ids in sequences for token in ids])
        positions = torch.cat([torch.arange(len(ids)) for ids in sequences])
        index = torch.arange(len(ids))
        seen = (index[None] <= index[:, None]) & (index[None] >= (index - positions)[:, None])
        x = self.weights["model.embed_tokens.weight"][ids]
        for layer in range(c["num_hidden_layers"]):
            path = f"model.layers.{layer}"
            h = self.norm(x, f"{path}.input_layernorm")
            q, k, v = (self.linear(h, f"{path}.self_attn.{n}_proj", adapter, scale) for n in "qkv")
            q, k, v = (t.view(len(ids), -1, dim) for t in (q, k, v))
            q, k = self.rotate(q, positions), self.rotate(k, positions)
            k, v = (t.repeat_interleave(heads // kv_heads, dim=1) for t in (k, v))
            score = torch.einsum("thd,shd->hts", q, k) / dim**0.5
            attended = torch.einsum("hts,shd->thd", score.masked_fill(~seen, -torch.inf).softmax(-1), v)
            x = x + self.linear(attended.reshape(len(ids), -1), f"{path}.self_attn.o_proj", adapter, scale)
            h = self.norm(x, f"{path}.post_attention_layernorm")
            gate, up = (self.linear(h, f"{path}.mlp.{n}_proj", adapter, scale) for n in ("gate", "up"))
            x = x + self.linear(F.silu(gate) * up, f"{path}.mlp.down_proj", adapter, scale)
        head = "model.embed_tokens.weight" if c["tie_word_embeddings"] else "lm_head.weight"
        return self.norm(x, "model.norm") @ self.weights[head].T

    def nll(self, rows, adapter=None, scale=0.0):
        """(sum, count) over the labelled tokens of a packed batch of {ids, labels}."""
        logits = self([row["ids"] for row in rows], adapter, scale).log_softmax(-1)
        at = [(start + i - 1, label) for start, row in zip(_starts(rows), rows)
              for i, label in enumerate(row["labels"]) if i > 0 and label != -100]
        index, target = torch.tensor(at).reshape(-1, 2).T
        return -logits[index, target].sum(), len(at)

    def train(self, adapter, scale, rows, order, optimizer, schedule):
        """Yields (loss, gradNorm): AdamW, clipping and the linear schedule written out. Changes `adapter` in place."""
        o, moments = optimizer, {name: [torch.zeros_like(t), torch.zeros_like(t)] for name, t in adapter.items()}
        for step, micro_batches in enumerate(order):
            for tensor in adapter.values():
                tensor.requires_grad_(True).grad = None
            nll, count = self.nll([rows[r] for batch in micro_batches for r in batch], adapter, scale)
            (nll / count).backward()
            norm = sum(t.grad.square().sum() for t in adapter.values()).sqrt()
            clip = min(1.0, o["maxGradNorm"] / (float(norm) + 1e-6))
            warmup, steps = schedule["warmup"], schedule["steps"]
            lr = o["learningRate"] * (step / warmup if step < warmup else (steps - step) / (steps - warmup))
            with torch.no_grad():
                for name, tensor in adapter.items():
                    m, v = moments[name]
                    g = tensor.grad * clip
                    m.mul_(o["beta1"]).add_(g, alpha=1 - o["beta1"])
                    v.mul_(o["beta2"]).add_(g * g, alpha=1 - o["beta2"])
                    m_hat, v_hat = m / (1 - o["beta1"] ** (step + 1)), v / (1 - o["beta2"] ** (step + 1))
                    tensor.mul_(1 - lr * o["weightDecay"]).sub_(lr * m_hat / (v_hat.sqrt() + o["epsilon"]))
            yield float(nll.detach()) / count, float(norm)


def _starts(rows):
    start, starts = 0, []
    for row in rows:
        starts.append(start)
        start += len(row["ids"])
    return starts
