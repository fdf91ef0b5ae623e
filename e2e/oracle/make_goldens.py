"""Makes e2e/fixtures/llama-*: tiny random Llamas, and what torch, PEFT and TRL compute on them.

Every number comes from the real libraries in float32; `float64` fields come from plain_llama.py and tell how far
float32 itself strays. Seeded: the same pins on the same kind of CPU give the same files. ../fixtures/README.md has
each field.
"""
import json
import shutil

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

import common
import training
from plain_llama import PlainLlama
from tiny_models import CHAT_MARKED, FIXTURES, MODELS, make_model, make_tokenizer, write_json

RANK, ALPHA = 4, 8
SCORE_MAX_LENGTH = 48
GREEDY_TOKENS = 16
OPTIMIZER = {
    "learningRate": 5e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01, "maxGradNorm": 1.0,
}
SCHEDULE = {"kind": "linear", "warmup": 3, "steps": 20}

TEXTS = ["the sea", "  two  spaces", "It isn't 1234.", "th\u00e9 \U0001f375\n\tend", "", "a<|im_end|>b</s>"]


# ---- what is computed on it -----------------------------------------------------------------------------------------


def random_row(length, labelled, vocab, generator):
    """`labelled(i)` says whether token i teaches."""
    ids = torch.randint(3, vocab, (length,), generator=generator).tolist()
    return {"ids": ids, "labels": [token if labelled(i) else -100 for i, token in enumerate(ids)]}


def packed_batch(vocab, generator):
    """Labels: a completion; a first token (never predicted) with a hole in the middle; everything."""
    masks = [lambda i: i >= 4, lambda i: i == 0 or i > 9 and i != 12, lambda i: True]
    rows = [random_row(n, mask, vocab, generator) for n, mask in zip((9, 17, 6), masks)]
    lengths = [len(row["ids"]) for row in rows]
    return rows, {
        "lengths": lengths,
        "ids": [token for row in rows for token in row["ids"]],
        "labels": [label for row in rows for label in row["labels"]],
        "positions": [i for n in lengths for i in range(n)],
        "starts": [sum(lengths[:s]) for s, n in enumerate(lengths) for _ in range(n)],
    }


def save_adapter(model, folder):
    """PEFT's own folder, less its model card, with the set of targets in a fixed order."""
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    write_json(folder / "adapter_config.json", {**config, "target_modules": common.PROJECTIONS}, indent=2)


def packed_logits(model, rows):
    with torch.no_grad():
        return torch.cat([model(input_ids=torch.tensor([row["ids"]])).logits[0] for row in rows])


def packed_loss(model, rows):
    parts = [common.row_nll(model, row) for row in rows]
    nll, tokens = sum(part[0] for part in parts), sum(part[1] for part in parts)
    return nll, tokens


def greedy(model, prompts):
    """Arg-max continuations that ignore end tokens, and the smallest lead of a chosen token."""
    answers, lead = [], float("inf")
    for prompt in prompts:
        ids = list(prompt)
        for _ in range(GREEDY_TOKENS):
            with torch.no_grad():
                best = model(input_ids=torch.tensor([ids])).logits[0, -1].topk(2)
            ids.append(int(best.indices[0]))
            lead = min(lead, float(best.values[0] - best.values[1]))
        answers.append(ids[len(prompt):])
    return answers, lead


def decided_prompts(base, adapted, vocab, generator):
    """Random prompts on which no choice is close enough for another engine's rounding to flip it."""
    while True:
        prompts = [torch.randint(3, vocab, (n,), generator=generator).tolist() for n in (1, 4, 11)]
        (plain, lead), (tuned, tuned_lead) = greedy(base, prompts), greedy(adapted, prompts)
        if min(lead, tuned_lead) > 0.01:
            cases = [{"prompt": p, "base": b, "adapter": a} for p, b, a in zip(prompts, plain, tuned)]
            return {"maxTokens": GREEDY_TOKENS, "smallestLead": number(min(lead, tuned_lead)), "cases": cases}


def epochs(count, rows, size, generator):
    """`count` micro-batches of `size` rows, each pass over the rows newly shuffled."""
    batches = []
    while len(batches) < count:
        shuffled = torch.randperm(rows, generator=generator).tolist()
        batches += [shuffled[i:i + size] for i in range(0, rows, size)]
    return batches[:count]


def training_golden(folder, init, vocab, generator, tensors):
    rows = [random_row(5 + i, lambda t, i=i: t >= 1 + i % 4, vocab, generator) for i in range(12)]
    steps = SCHEDULE["steps"]
    twice = epochs(2 * steps, len(rows), 4, generator)
    orders = {
        "plain": [[batch] for batch in epochs(steps, len(rows), 4, generator)],
        "accumulated": [twice[i:i + 2] for i in range(0, 2 * steps, 2)],
    }
    runs = {}
    for name, order in orders.items():
        model = common.new_adapter(common.load_model(folder), RANK, ALPHA)
        common.set_adapter(model, init)
        lines = list(training.train(model, rows, order, OPTIMIZER, SCHEDULE))
        for key, tensor in common.adapter_tensors(model).items():
            tensors[f"{name}.{key}"] = tensor
        exact = {key: tensor.double() for key, tensor in init.items()}
        true = list(PlainLlama(folder, torch.float64).train(exact, ALPHA / RANK, rows, order, OPTIMIZER, SCHEDULE))
        runs[name] = {
            "order": order,
            **{field: [number(line[field]) for line in lines] for field in ("lr", "loss", "gradNorm")},
            "float64": {"loss": [number(l) for l, _ in true], "gradNorm": [number(n) for _, n in true]},
        }
        report_noise(folder, name, runs[name])
    return {"rows": rows, "optimizer": OPTIMIZER, "schedule": SCHEDULE, "runs": runs}


def report_noise(folder, name, run):
    for field in ("loss", "gradNorm"):
        noise = max(abs(a / b - 1) for a, b in zip(run[field], run["float64"][field]))
        print(f"  {folder.name} {name} {field}: {run[field][0]:.4f} to {run[field][-1]:.4f}, float32 noise {noise:.1e}")
        assert noise < 2e-5, "float32 strays too far for a golden"


def score_cases(folder, base, adapted, spec):
    """What `burnish score` must print, and the tokens behind it."""
    wanted = [("prompt-completion", "auto"), ("prompt-completion", "all"), ("text", "auto")]
    if spec["chat"]:
        wanted += [("messages", "auto"), ("chat-completion", "auto")]
    if spec["chat"] == CHAT_MARKED:
        wanted += [("messages", "assistant")]
    cases = []
    for data, loss in wanted:
        source = common.read_jsonl(FIXTURES / "rows" / f"{data}.jsonl")
        prepared = common.prepare_rows(common.load_tokenizer(folder), source, SCORE_MAX_LENGTH, loss)
        kept = {row["row"]: row for row in prepared}
        plain, tuned = (common.score(model, prepared, len(source)) for model in (base, adapted))
        rows = [
            {"row": a["row"], "tokens": a["tokens"], "nll": number(a["nll"]), "nllAdapter": number(b["nll"]),
             "ids": kept.get(a["row"], {}).get("ids", []), "labels": kept.get(a["row"], {}).get("labels", [])}
            for a, b in zip(plain, tuned)
        ]
        cases.append({"data": f"rows/{data}.jsonl", "loss": loss, "maxLength": SCORE_MAX_LENGTH, "rows": rows})
    return cases


def token_cases(folder, spec):
    tokenizer = common.load_tokenizer(folder)
    raw = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = [{"text": text, "ids": tokenizer(text)["input_ids"]} for text in TEXTS]
    assert all(raw.encode(case["text"]).ids == case["ids"] for case in texts)
    cases = {"texts": texts, "chats": []}
    for row in common.read_jsonl(FIXTURES / "rows" / "messages.jsonl") if spec["chat"] else []:
        turns = row["messages"][:-1]
        cases["chats"].append({
            "messages": turns, "generationPrompt": True,
            "text": tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True),
            "ids": tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"],
        })
    return cases


# ---- together -------------------------------------------------------------------------------------------------------


def number(value):
    """Nine significant digits hold a float32 exactly."""
    return float(f"{value:.9g}")


def write_fixture(folder, golden, tensors):
    """golden.json and golden.safetensors beside the model, which git keeps readable. The bytes of the whole folder."""
    write_golden(folder / "golden.json", golden)
    save_file({key: t.contiguous() for key, t in tensors.items()}, folder / "golden.safetensors", {"format": "pt"})
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def write_golden(path, golden):
    """One line per field of the second level: small, and readable in a diff."""
    lines = []
    for key, value in golden.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in value.items())
            lines.append(f"  {json.dumps(key)}: {{\n{inner}\n  }}")
        else:
            inner = ",\n".join(f"    {json.dumps(v, separators=(',', ':'))}" for v in value)
            lines.append(f"  {json.dumps(key)}: [\n{inner}\n  ]")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def make(name, spec):
    folder = FIXTURES / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(spec["seed"])
    vocab, tensors = spec["config"]["vocab_size"], {}
    make_tokenizer(folder, spec)
    base = make_model(folder, spec, generator)

    rows, packed = packed_batch(vocab, generator)
    tensors["logits.base"] = packed_logits(base, rows)
    adapted = common.new_adapter(common.load_model(folder), RANK, ALPHA)
    noise = {key: 0.1 * torch.randn(t.shape, generator=generator) for key, t in common.adapter_tensors(adapted).items()}
    common.set_adapter(adapted, noise)
    adapted.peft_config["default"].base_model_name_or_path = name
    save_adapter(adapted, folder / "adapter")
    tensors["logits.adapter"] = packed_logits(adapted, rows)
    with torch.no_grad():
        base_nll, tokens = packed_loss(base, rows)
    nll, _ = packed_loss(adapted, rows)
    (nll / tokens).backward()
    for key, parameter in common.adapter_parameters(adapted).items():
        tensors[f"grad.{key}"] = parameter.grad.clone()

    init = {key: torch.zeros_like(t) if ".lora_B." in key else t for key, t in noise.items()}
    golden = {
        "lora": {"rank": RANK, "alpha": ALPHA, "targets": common.PROJECTIONS},
        "packed": packed,
        "loss": {"tokens": tokens, "base": number(base_nll / tokens), "adapter": number((nll / tokens).detach())},
        "training": training_golden(folder, init, vocab, generator, tensors),
        "greedy": decided_prompts(base, adapted, vocab, generator),
        "tokenizer": token_cases(folder, spec),
        "scores": score_cases(folder, base, adapted, spec),
    }
    size = write_fixture(folder, golden, tensors)
    print(f"  {name}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    for name, spec in MODELS.items():
        make(name, spec)
