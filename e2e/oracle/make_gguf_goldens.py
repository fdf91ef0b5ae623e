"""Make the fixtures of everything that is read from or written in ggml's and bitsandbytes' formats.

Writes e2e/fixtures/gguf/:
  quants.safetensors  random blocks of every format and what gguf.quants.dequantize makes of them; random values and
                      what gguf.quants.quantize (Q8_0) and bitsandbytes (NF4) make of those
  tiny.gguf           a random Llama of mixed formats in llama.cpp's conventions (q and k permuted, tied head), with the
                      tokenizer of ../tokenizer as metadata
  tiny.safetensors    ids, and the logits of transformers reading tiny.gguf
  arch-*.gguf         the models of ../arch-* as llama.cpp's converter would write them, in half precision, without tokenizers
  pre.json            the ids of tiny.gguf's vocabulary under each way of splitting text
  spm.json            a SentencePiece BPE vocabulary and the ids that sentencepiece itself gives

    pip install gguf sentencepiece bitsandbytes
    python e2e/oracle/make_gguf_goldens.py
"""

import io
import json
import math
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from bitsandbytes.functional import dequantize_4bit, get_4bit_type, quantize_4bit
from gguf import (
    MODEL_ARCH,
    MODEL_ARCH_NAMES,
    GGMLQuantizationType,
    GGUFWriter,
    RopeScalingType,
    get_tensor_name_map,
    quants,
)
from gguf.constants import GGML_QUANT_SIZES
from make_tokenizer_fixture import CORPUS, NASTY
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

HERE = Path(__file__).parent
OUT = HERE.parent / "fixtures" / "gguf"

# Where the f16 fields lie in a block.
HALVES = {
    "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}


def random_blocks(rng, name, rows, per_row):
    """Random bytes, but scales are finite: of either sign, from subnormal to about 1."""
    size = GGML_QUANT_SIZES[GGMLQuantizationType[name]][1]
    blocks = rng.integers(0, 256, (rows, per_row, size), dtype=np.uint8)
    for at in HALVES[name]:
        halves = rng.integers(0, 15 << 10, (rows, per_row), dtype=np.uint16)
        halves |= rng.integers(0, 2, (rows, per_row), dtype=np.uint16) << 15
        blocks[:, :, at : at + 2] = halves.view(np.uint8).reshape(rows, per_row, 2)
    return blocks.reshape(rows, per_row * size)


def make_quants():
    rng = np.random.default_rng(4)
    found = {}
    for name in HALVES:
        blocks = random_blocks(rng, name, 4, 3)
        found[f"{name.lower()}.blocks"] = torch.from_numpy(blocks)
        found[f"{name.lower()}.values"] = torch.from_numpy(quants.dequantize(blocks, GGMLQuantizationType[name]))
    values = rng.standard_normal((5, 192)).astype(np.float32) * np.float32(0.02)
    values[1, :64] = 0
    values[2, 3] = 1e-9
    values[3, :32] = np.arange(-16, 16, dtype=np.float32) / 16 * 127 / 2  # halves, which round away from zero
    found["plain"] = torch.from_numpy(values)
    found["q8_0.quantised"] = torch.from_numpy(quants.quantize(values, GGMLQuantizationType.Q8_0))
    codes, state = quantize_4bit(torch.from_numpy(values), blocksize=64, quant_type="nf4")
    found["nf4.codes"] = codes.reshape(-1)
    found["nf4.absmax"] = state.absmax
    found["nf4.table"] = get_4bit_type("nf4", "cpu")
    found["nf4.values"] = dequantize_4bit(codes, state)
    save_file(found, OUT / "quants.safetensors")


def permute(weights, heads):
    """llama.cpp's order of a head's rows: (first half, second half) interleaved."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weights.shape)


TINY = {"hidden": 64, "ffn": 96, "layers": 2, "heads": 4, "kv": 2, "vocab": 400}


def make_tiny():
    tokenizer = json.loads((OUT.parent / "tokenizer" / "tokenizer.json").read_text("utf-8"))
    config = json.loads((OUT.parent / "tokenizer" / "tokenizer_config.json").read_text("utf-8"))
    rng = np.random.default_rng(5)
    writer = GGUFWriter(OUT / "tiny.gguf", "llama")
    writer.add_name("tiny")
    writer.add_block_count(TINY["layers"])
    writer.add_context_length(128)
    writer.add_embedding_length(TINY["hidden"])
    writer.add_feed_forward_length(TINY["ffn"])
    writer.add_head_count(TINY["heads"])
    writer.add_head_count_kv(TINY["kv"])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(TINY["hidden"] // TINY["heads"])
    writer.add_vocab_size(TINY["vocab"])
    add_byte_level(writer, tokenizer, config)

    def add(name, shape, kind):
        values = (rng.standard_normal(shape) * 0.15 + (1 if len(shape) == 1 else 0)).astype(np.float32)
        heads = {"attn_q": TINY["heads"], "attn_k": TINY["kv"]}.get(name.split(".")[-2])
        if heads:
            values = permute(values, heads)
        writer.add_tensor(name, quants.quantize(values, GGMLQuantizationType[kind]), raw_dtype=GGMLQuantizationType[kind])

    hidden, ffn = TINY["hidden"], TINY["ffn"]
    kv = hidden // TINY["heads"] * TINY["kv"]
    add("token_embd.weight", (TINY["vocab"], hidden), "Q8_0")
    for i, kinds in enumerate([("Q4_0", "Q4_1", "Q5_0", "Q5_1"), ("F16", "BF16", "F32", "Q8_0")]):
        for j, (name, shape) in enumerate({
            "attn_q": (hidden, hidden), "attn_k": (kv, hidden), "attn_v": (kv, hidden), "attn_output": (hidden, hidden),
            "ffn_gate": (ffn, hidden), "ffn_up": (ffn, hidden), "ffn_down": (hidden, ffn),
        }.items()):
            add(f"blk.{i}.{name}.weight", shape, kinds[j % 4])
        add(f"blk.{i}.attn_norm.weight", (hidden,), "F32")
        add(f"blk.{i}.ffn_norm.weight", (hidden,), "F32")
    add("output_norm.weight", (hidden,), "F32")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    model = AutoModelForCausalLM.from_pretrained(OUT, gguf_file="tiny.gguf", dtype=torch.float32).eval()
    ids = torch.randint(0, TINY["vocab"], (24,), generator=torch.Generator().manual_seed(6))
    with torch.no_grad():
        logits = model(ids[None]).logits[0]
        greedy = model.generate(ids[None], max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0)
    save_file({"ids": ids.int(), "logits": logits, "greedy": greedy[0, 24:].int()}, OUT / "tiny.safetensors")


def add_byte_level(writer, tokenizer, config):
    vocab = tokenizer["model"]["vocab"]
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    tokens = {index: text for text, index in vocab.items()} | {i: token["content"] for i, token in added.items()}
    ordered = [tokens[i] for i in range(len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(ordered)
    writer.add_token_types([(3 if added[i]["special"] else 4) if i in added else 1 for i in range(len(ordered))])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]])
    index = {text: i for i, text in enumerate(ordered)}
    name = lambda key: config[key] if isinstance(config[key], str) else config[key]["content"]
    writer.add_bos_token_id(index[name("bos_token")])
    writer.add_eos_token_id(index[name("eos_token")])
    writer.add_pad_token_id(index[name("pad_token")])
    writer.add_add_bos_token(False)
    writer.add_chat_template(config["chat_template"])


# Hugging Face's folder → ggml's name of the architecture, and whether the converter reorders rows of q and k.
ARCHITECTURES = {
    "arch-llama-scaled": (MODEL_ARCH.LLAMA, True),
    "arch-llama-biased": (MODEL_ARCH.LLAMA, True),
    "arch-qwen2": (MODEL_ARCH.QWEN2, False),
    "arch-qwen3": (MODEL_ARCH.QWEN3, False),
    "arch-gemma3": (MODEL_ARCH.GEMMA3, False),
    "arch-olmo2": (MODEL_ARCH.OLMO2, False),
    "arch-smollm3": (MODEL_ARCH.SMOLLM3, True),
}


def make_architectures():
    for folder, (arch, reordered) in ARCHITECTURES.items():
        config = json.loads((OUT.parent / folder / "config.json").read_text("utf-8"))
        heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
        rope = config.get("rope_parameters") or {}
        scaling = config.get("rope_scaling") or rope
        theta = config.get("rope_theta") or rope.get("rope_theta") or rope["full_attention"]["rope_theta"]
        head = config.get("head_dim") or config["hidden_size"] // heads
        writer = GGUFWriter(OUT / f"{folder}.gguf", MODEL_ARCH_NAMES[arch])
        writer.add_block_count(config["num_hidden_layers"])
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_embedding_length(config["hidden_size"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count(heads)
        writer.add_head_count_kv(kv)
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_rope_freq_base(theta)
        if "head_dim" in config:
            writer.add_key_length(head)
            writer.add_value_length(head)
        if config.get("sliding_window"):
            writer.add_sliding_window(config["sliding_window"])
        if scaling.get("rope_type") == "linear":
            writer.add_rope_scaling_type(RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(scaling["factor"])
        if scaling.get("rope_type") == "llama3":
            writer.add_tensor("rope_freqs.weight", np.array(rope_factors(theta, head, scaling), dtype=np.float32))
        names = get_tensor_name_map(arch, config["num_hidden_layers"])
        for name, values in load_file(OUT.parent / folder / "model.safetensors").items():
            values = values.float().numpy()
            module = name.rsplit(".", 2)[-2]
            if reordered and module in ("q_proj", "k_proj"):
                values = permute(values, heads if module == "q_proj" else kv)
            if arch == MODEL_ARCH.GEMMA3 and name.endswith("norm.weight"):
                values = values + np.float32(1)
            values = values.astype(np.float16 if values.ndim > 1 else np.float32)
            writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def rope_factors(theta, head, scaling):
    """As llama.cpp's converter computes them."""
    factors = []
    for i in range(0, head, 2):
        wavelength = 2 * math.pi * theta ** (i / head)
        context, factor = scaling["original_max_position_embeddings"], scaling["factor"]
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        if wavelength < context / high:
            factors.append(1)
        elif wavelength > context / low:
            factors.append(factor)
        else:
            smooth = (context / wavelength - low) / (high - low)
            factors.append(1 / ((1 - smooth) / factor + smooth))
    return factors


def make_pre():
    file = json.loads((OUT.parent / "tokenizer" / "tokenizer.json").read_text("utf-8"))
    gpt2 = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    split = lambda regex: {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    newer = lambda regex: [split(regex), gpt2 | {"use_regex": False}]
    digits = {"type": "Digits", "individual_digits": True}
    ways = {
        "smollm": ([digits, gpt2], {}),
        "gpt-2": ([gpt2], {}),
        "llama-bpe": (newer(GGUF_PRE_TOKENIZER_SPLITS["llama-bpe"]), {"ignore_merges": True}),
        "qwen2": (newer(GGUF_PRE_TOKENIZER_SPLITS["qwen2"]), {}),
        "default": ([split(r"[\p{P}\$\+<=>\^~\|]+"), split(r"\p{N}+"), split("[0-9][0-9][0-9]"), gpt2], {}),
    }
    found = {}
    for name, (steps, options) in ways.items():
        file["model"] |= {"ignore_merges": False} | options
        file["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": steps}
        file["normalizer"] = {"type": "NFC"} if name == "qwen2" else None
        tokenizer = Tokenizer.from_str(json.dumps(file))
        found[name] = [{"text": text, "ids": tokenizer.encode(text).ids} for text in [*NASTY, *CORPUS]]
    (OUT / "pre.json").write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def make_spm():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS * 20), model_writer=model, model_type="bpe", vocab_size=420, byte_fallback=True,
        character_coverage=0.98, split_digits=True, user_defined_symbols=["<think>"], control_symbols=["<|end|>"],
        normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
        minloglevel=2,
    )
    spm = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    size = spm.vocab_size()
    kind = lambda i: 2 if spm.is_unknown(i) else 3 if spm.is_control(i) else 6 if spm.is_byte(i) else 1
    types = [4 if spm.id_to_piece(i) == "<think>" else kind(i) for i in range(size)]
    # sentencepiece gives meaning to a NUL inside text; the rest is compared.
    texts = [text for text in [*NASTY, *CORPUS] if "\0" not in text and "<" not in text and "▁" not in text]
    found = {
        "tokens": [spm.id_to_piece(i) for i in range(size)],
        "scores": [spm.get_score(i) for i in range(size)],
        "types": types,
        "texts": [{"text": text, "ids": spm.encode(text), "decoded": spm.decode(spm.encode(text))} for text in texts],
    }
    (OUT / "spm.json").write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    make_quants()
    make_tiny()
    make_architectures()
    make_pre()
    make_spm()
