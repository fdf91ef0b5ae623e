"""Makes e2e/fixtures/arch-*: one tiny random model per family and config variant, and what torch and PEFT compute on it.

Smaller than make_goldens.py on purpose: logits without and with an adapter, every LoRA gradient and greedy text say that
a family's forward and backward are right; training itself is the same for all. Weights and adapters are stored as f16,
which holds them exactly; everything is computed in float32. ../fixtures/README.md has each field. Arguments name the
models to make; without any, all.
"""
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file

import common
from make_goldens import ALPHA, RANK, decided_prompts, number, packed_batch, packed_logits, packed_loss, write_fixture
from tiny_models import FIXTURES, write_json

VOCAB = 96
SHAPE = dict(
    vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, bos_token_id=None, eos_token_id=0, pad_token_id=None,
)


def rope(kind="default", theta=10000.0, **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


def classic(config):
    """rope_theta and rope_scaling, as folders from before transformers 5 say them."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters["rope_type"] == "default" else parameters
    config["torch_dtype"] = config.pop("dtype")
    return config


def classic_gemma(config):
    """Gemma's old words: a pattern in place of a list, and scaling of the global rope alone. The tie is a default."""
    full, local = (config["rope_parameters"][kind] for kind in ("full_attention", "sliding_attention"))
    del config["rope_parameters"], config["layer_types"], config["tie_word_embeddings"]
    return {
        **config, "sliding_window_pattern": 2, "rope_theta": full["rope_theta"],
        "rope_local_base_freq": local["rope_theta"],
        "rope_scaling": {"rope_type": "linear", "factor": full["factor"]},
    }


LLAMA3 = rope("llama3", 500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)
GEMMA = dict(
    head_dim=16, num_hidden_layers=3, sliding_window=5, query_pre_attn_scalar=24,
    layer_types=["sliding_attention", "full_attention", "sliding_attention"],
)

MODELS = {
    "llama-scaled": dict(
        kind="Llama", rewrite=classic,
        config=dict(head_dim=16, tie_word_embeddings=True, rope_parameters=LLAMA3),
    ),
    "llama-biased": dict(
        kind="Llama",
        config=dict(tie_word_embeddings=False, attention_bias=True, mlp_bias=True,
                    rope_parameters=rope("linear", factor=4.0)),
    ),
    "qwen2": dict(
        kind="Qwen2", rewrite=classic,
        config=dict(tie_word_embeddings=True, rope_parameters=rope(theta=1e6)),
    ),
    "qwen2-window": dict(
        kind="Qwen2",
        config=dict(tie_word_embeddings=False, use_sliding_window=True, sliding_window=6, max_window_layers=1,
                    rope_parameters=rope(theta=1e6)),
    ),
    "qwen3": dict(
        kind="Qwen3", rewrite=classic,
        config=dict(head_dim=16, tie_word_embeddings=True, rope_parameters=rope(theta=1e6)),
    ),
    "qwen3-biased": dict(
        kind="Qwen3",
        config=dict(head_dim=8, num_key_value_heads=4, tie_word_embeddings=False, attention_bias=True,
                    rope_parameters=rope(theta=1e6)),
    ),
    "gemma3": dict(
        kind="Gemma3", config_class="Gemma3TextConfig",
        config=dict(**GEMMA, rope_parameters={
            "full_attention": rope(theta=1e6), "sliding_attention": rope(theta=1e4)}),
    ),
    "gemma3-classic": dict(
        kind="Gemma3", config_class="Gemma3TextConfig", rewrite=classic_gemma,
        config=dict(**GEMMA, rope_parameters={
            "full_attention": rope("linear", 1e6, factor=8.0), "sliding_attention": rope(theta=1e4)}),
    ),
    "olmo2": dict(
        kind="Olmo2",
        config=dict(tie_word_embeddings=False, rope_parameters=rope(theta=5e5)),
    ),
    "smollm3": dict(
        kind="SmolLM3",
        config=dict(tie_word_embeddings=True, no_rope_layer_interval=2, rope_parameters=rope(theta=5e6)),
    ),
}


def make_model(folder, spec, generator):
    """Gemma's norms hold w - 1, so theirs are small; everything is a value that f16 holds exactly."""
    config_class = getattr(transformers, spec.get("config_class", f"{spec['kind']}Config"))
    model_class = getattr(transformers, f"{spec['kind']}ForCausalLM")
    model = model_class(config_class(**{**SHAPE, **spec["config"]})).float().eval()
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name:
                value = 0.2 * noise if spec["kind"] == "Gemma3" else 1 + 0.2 * noise
            else:
                value = 0.2 * noise
            parameter.copy_(value.half().float())
    tensors = {name: p.detach().half() for name, p in model.named_parameters()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = {**model.config.to_diff_dict(), "dtype": "float32"}
    config = {"architectures": [model_class.__name__], **config}
    config = {key: value for key, value in config.items() if key not in ("transformers_version", "_name_or_path")}
    write_json(folder / "config.json", spec.get("rewrite", lambda same: same)(config), indent=2)

    loaded = common.load_model(folder)
    probe = torch.arange(3, 19)[None]
    with torch.no_grad():
        model.set_attn_implementation("eager")
        assert torch.equal(loaded(input_ids=probe).logits, model(input_ids=probe).logits), "config.json says another model"
    return loaded


def make(name, spec, seed):
    folder = FIXTURES / f"arch-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "adapter").mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    base = make_model(folder, spec, generator)
    rows, packed = packed_batch(VOCAB, generator)
    adapted = common.new_adapter(common.load_model(folder), RANK, ALPHA)
    noise = {
        key: (0.1 * torch.randn(t.shape, generator=generator)).half().float()
        for key, t in common.adapter_tensors(adapted).items()
    }
    common.set_adapter(adapted, noise)
    save_file({key: t.half() for key, t in noise.items()}, folder / "adapter" / "adapter_model.safetensors")

    tensors = {"logits.base": packed_logits(base, rows), "logits.adapter": packed_logits(adapted, rows)}
    with torch.no_grad():
        base_nll, tokens = packed_loss(base, rows)
    nll, _ = packed_loss(adapted, rows)
    (nll / tokens).backward()
    for key, parameter in common.adapter_parameters(adapted).items():
        tensors[f"grad.{key}"] = parameter.grad.clone()
    golden = {
        "lora": {"rank": RANK, "alpha": ALPHA, "targets": common.PROJECTIONS},
        "packed": packed,
        "loss": {"tokens": tokens, "base": number(base_nll / tokens), "adapter": number((nll / tokens).detach())},
        "greedy": decided_prompts(base, adapted, VOCAB, generator),
    }
    size = write_fixture(folder, golden, tensors)
    print(f"  {folder.name}: {size / 1000:.0f} kB, loss {golden['loss']['base']} → {golden['loss']['adapter']}")


if __name__ == "__main__":
    wanted = sys.argv[1:] or MODELS
    for seed, (name, spec) in enumerate(MODELS.items(), start=31):
        if name in wanted:
            make(name, spec, seed)
