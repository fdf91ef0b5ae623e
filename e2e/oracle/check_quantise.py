"""Judge of the quantisers: llama.cpp's own, in the library that npm ships, makes the same file of the same F16.

    check_quantise.py train DIR
        a Llama whose rows are multiples of 256, which K-quants need, trained a few seconds on the bundled datasets
    check_quantise.py compare F16.gguf OURS.gguf … --library DIR [--answer answer.mjs]
        each of OURS, named …-Q4_K_M.gguf and so on, beside what `llama_model_quantize` makes of F16: types and bytes of every
        tensor (99.9 % of a tensor's bytes at least); with --answer also perplexity over 4,000 tokens of held-out rows

Ends with "N passed, N failed". The perplexity bars are those of the issue: 1 % for Q8_0, 5 % for the others.
"""
import argparse
import ctypes
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFReader

import common

ROOT = Path(__file__).resolve().parent.parent.parent
FILE_TYPES = {"Q4_0": 2, "Q8_0": 7, "Q5_0": 8, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18}
# llama.cpp's compilers order sums of products otherwise than we do, so a code may fall on the other side of a tie.
LEAST = 0.999
# How far a perplexity may rise over F16, for the two that the issue names.
BARS = {"Q8_0": 0.01, "Q4_K_M": 0.05}
TOKENS = 4000


def rows(part):
    """The bundled datasets' texts, one after another."""
    files = sorted((ROOT / "public" / "datasets").glob(f"*.{part}.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line]
    said = [" ".join(value for value in row.values() if isinstance(value, str)) for row in lines]
    # Rows of several datasets in turns, always the same ones.
    return "\n".join(sorted(said, key=lambda text: hash_of(text)))


def hash_of(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def train(folder):
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    ember = ROOT / "public" / "models" / "ember"
    tokenizer = AutoTokenizer.from_pretrained(ember)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    config = LlamaConfig(hidden_size=256, intermediate_size=512, num_hidden_layers=4, num_attention_heads=8,
                         num_key_value_heads=8, vocab_size=2048, max_position_embeddings=512, tie_word_embeddings=True,
                         bos_token_id=0, eos_token_id=0, pad_token_id=1)
    model = LlamaForCausalLM(config)
    ids = torch.tensor(tokenizer(rows("train"))["input_ids"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    length, batch, steps = 64, 8, 60
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 10) * (1 - step / steps)
        at = torch.randint(len(ids) - length, (batch,))
        window = torch.stack([ids[i:i + length] for i in at])
        loss = model(window, labels=window).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        optimizer.zero_grad()
    print(f"trained to a loss of {loss.item():.3f} on {len(ids)} tokens")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


class Params(ctypes.Structure):
    """The head of llama_model_quantize_params, which is years old, and more room than the rest of it needs."""

    _fields_ = [("threads", ctypes.c_int32), ("file_type", ctypes.c_int32), ("rest", ctypes.c_uint8 * 248)]


def quantiser(folder):
    """llama.cpp's own quantiser, as a function (source, target, file type)."""
    def load(pattern):
        return ctypes.CDLL(str(next(Path(folder).glob(pattern))), ctypes.RTLD_GLOBAL)

    load("libggml-base.so")
    ggml, llama = load("libggml.v*.so"), load("libllama.v*.so")
    ggml.ggml_backend_load_all_from_path(str(folder).encode())
    llama.llama_log_set(QUIET, None)
    llama.llama_backend_init()
    llama.llama_model_quantize_default_params.restype = Params
    llama.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Params)]
    llama.llama_model_quantize.restype = ctypes.c_uint32

    def quantise(source, target, file_type):
        params = llama.llama_model_quantize_default_params()
        params.threads, params.file_type = 2, file_type
        if llama.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)) != 0:
            raise SystemExit(f"llama.cpp does not quantise {source}")

    return quantise


QUIET = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda level, text, data: None)


def kind_of(path):
    return re.search(r"-(Q\w+)\.gguf$", path)[1]


def same_tensors(verdict, name, ours, theirs):
    mine = {tensor.name: tensor for tensor in GGUFReader(ours).tensors}
    others = {tensor.name: tensor for tensor in GGUFReader(theirs).tensors}
    verdict.check(set(mine) == set(others), f"{name}: tensors {set(mine) ^ set(others)}")
    equal = total = 0
    for key in set(mine) & set(others):
        a, b = mine[key], others[key]
        if not verdict.check(a.tensor_type == b.tensor_type, f"{name} {key}: {a.tensor_type} where {b.tensor_type}"):
            continue
        alike = np.asarray(a.data).view(np.uint8) == np.asarray(b.data).view(np.uint8)
        equal, total = equal + int(alike.sum()), total + alike.size
        verdict.check(alike.mean() >= LEAST, f"{name} {key}: {alike.mean():.5f} of its bytes are llama.cpp's")
    types = sorted({tensor.tensor_type.name for tensor in mine.values()})
    print(f"{name}: {equal} of {total} bytes are llama.cpp's ({', '.join(types)})")
    return equal == total


def perplexities(answer, models, folder):
    tokens_a_letter = 3.2
    text = rows("eval")[: int(TOKENS * tokens_a_letter)]
    jobs = Path(folder) / "jobs.json"
    jobs.write_text(json.dumps([{"model": str(model), "text": text} for model in models]))
    done = subprocess.run(["node", answer, str(jobs)], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    print(f"perplexities over {said[0]['tokens']} tokens: {[round(math.exp(one['nll']), 4) for one in said]}")
    return [math.exp(one["nll"]) for one in said], said[0]["tokens"]


def compare(args):
    verdict = common.Verdict()
    quantise = quantiser(args.library)
    with tempfile.TemporaryDirectory() as folder:
        theirs, differing = [], []
        for ours in args.ours:
            kind = kind_of(ours)
            theirs.append(Path(folder) / f"{kind}.gguf")
            quantise(args.f16, theirs[-1], FILE_TYPES[kind])
            if not same_tensors(verdict, Path(ours).name, ours, theirs[-1]):
                differing.append((ours, theirs[-1]))
        if args.answer:
            # Files of equal tensors need no second reading.
            read = [ours for ours in args.ours if kind_of(ours) in BARS]
            differing = [(ours, other) for ours, other in differing if ours in read]
            asked = [args.f16, *read, *(other for _, other in differing)]
            found, count = perplexities(args.answer, asked, folder)
            verdict.check(count >= TOKENS, f"only {count} tokens")
            said = dict(zip(asked, found))
            for ours in read:
                rise = said[ours] / said[args.f16] - 1
                verdict.check(rise < BARS[kind_of(ours)], f"{ours}: perplexity rises by {rise:.4f}")
            for ours, other in differing:
                apart = abs(said[ours] / said[other] - 1)
                verdict.check(apart < 0.005, f"{ours}: perplexity {said[ours]}, llama.cpp's {said[other]}")
    return verdict.finish()


parser = argparse.ArgumentParser(description=__doc__)
commands = parser.add_subparsers(dest="command", required=True)
commands.add_parser("train").add_argument("folder", type=Path)
comparing = commands.add_parser("compare")
comparing.add_argument("f16")
comparing.add_argument("ours", nargs="+")
comparing.add_argument("--library", required=True)
comparing.add_argument("--answer")
arguments = parser.parse_args()
sys.exit(train(arguments.folder) if arguments.command == "train" else compare(arguments))
