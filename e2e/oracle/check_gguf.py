"""Say what a GGUF file must give: transformers reads the same file (`gguf_file=`, which dequantises) in float32.

    python check_gguf.py FILE.gguf GOLDEN.safetensors
    BURNISH_SMOLLM2=FILE.gguf BURNISH_SMOLLM2_GOLDEN=GOLDEN.safetensors npx vitest run --project gpu src/model/gguf.gpu.test.ts

GOLDEN holds, for each of five chat prompts i: `i.ids`, `i.logits` of every position, `i.greedy` (up to 32 ids, the end token
left out), `i.lead` (by how much each of those ids led); and GOLDEN.json the same prompts as text, and the ids of awkward
texts. Those come from the `tokenizers` library, given the file's vocabulary and merges and SmolLM2's published
pre-tokeniser (single digits, then GPT-2's pattern), which transformers does not derive from GGUF.
"""

import json
import sys
from pathlib import Path

import torch
from gguf import GGUFReader
from jinja2.sandbox import ImmutableSandboxedEnvironment
from make_tokenizer_fixture import NASTY
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM

PROMPTS = [
    "What is gravity?",
    "Write a haiku about the sea.",
    "List three prime numbers above 10 and say why they are prime.",
    'Translate into French: "The lamp in the kitchen is off."',
    "def add(a, b):\n    return a + b\n\nWhat does this Python function do?",
]
MAX_TOKENS = 32


def read(path):
    fields = GGUFReader(path).fields
    return lambda key: fields[key].contents()


def build_tokenizer(field):
    tokens = field("tokenizer.ggml.tokens")
    types = field("tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in field("tokenizer.ggml.merges")]
    assert field("tokenizer.ggml.pre") == "smollm", "only SmolLM2's pre-tokeniser is known here"
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t, kind in zip(tokens, types) if kind == 3])
    return tokenizer


def render(field, messages):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    tokens = field("tokenizer.ggml.tokens")
    return environment.from_string(field("tokenizer.chat_template")).render(
        messages=messages,
        add_generation_prompt=True,
        bos_token=tokens[field("tokenizer.ggml.bos_token_id")],
        eos_token=tokens[field("tokenizer.ggml.eos_token_id")],
    )


@torch.no_grad()
def greedy(model, ids, stop):
    """The ids after `ids`, and each one's lead over the next in logits."""
    found, leads = [], []
    cache = None
    step = torch.tensor([ids])
    for _ in range(MAX_TOKENS):
        made = model(step, past_key_values=cache, use_cache=True)
        cache = made.past_key_values
        best = made.logits[0, -1].topk(2)
        if best.indices[0].item() in stop:
            break
        found.append(best.indices[0].item())
        leads.append((best.values[0] - best.values[1]).item())
        step = best.indices[:1][None]
    return found, leads


def main(path, out):
    field = read(path)
    tokenizer = build_tokenizer(field)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    stop = [tokenizer.token_to_id(token) for token in ("<|im_end|>", "<|endoftext|>")]
    tensors, prompts = {}, []
    for i, prompt in enumerate(PROMPTS):
        text = render(field, [{"role": "user", "content": prompt}])
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            tensors[f"{i}.logits"] = model(torch.tensor([ids])).logits[0]
        answer, leads = greedy(model, ids, stop)
        tensors[f"{i}.ids"] = torch.tensor(ids, dtype=torch.int32)
        tensors[f"{i}.greedy"] = torch.tensor(answer, dtype=torch.int32)
        tensors[f"{i}.lead"] = torch.tensor(leads)
        prompts.append({"prompt": prompt, "text": text, "ids": ids, "answer": tokenizer.decode(answer)})
        print(f"{i}: {len(ids)} tokens, smallest lead {min(leads):.4f}: {prompts[-1]['answer']!r}")
    save_file(tensors, out)
    texts = [{"text": text, "ids": tokenizer.encode(text).ids} for text in NASTY]
    out.with_suffix(".json").write_text(json.dumps({"prompts": prompts, "texts": texts}, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
