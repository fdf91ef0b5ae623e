"""Check the tuning claims with torch and PEFT: exact match before and after a LoRA run, per seed.

    python try_lora.py commands            # the recipe in public/datasets/index.json, three seeds
    python try_lora.py feelings --lr 5e-3 --rank 8 --steps 30

LoRA on all seven projections, completion-only loss (plus EOS), AdamW without decay, gradient norm clipped at 1.
"""
import argparse
import json
import math
import pathlib
import random
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from scoring import collate, encode, exact_match

PUBLIC = pathlib.Path(__file__).resolve().parents[3] / "public"
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def factor(schedule, warmup, steps):
    """The learning rate's factor at each step."""
    def at(step):
        if step < warmup:
            return (step + 1) / warmup
        left = (step - warmup) / max(1, steps - warmup)
        return 1 - left if schedule == "linear" else 0.5 * (1 + math.cos(math.pi * left))
    return at


def order(rows, batch, steps, seed):
    """Batches of rows, epoch after epoch, each epoch shuffled."""
    rng, queue = random.Random(seed), []
    for _ in range(steps):
        picked = []
        while len(picked) < batch:
            if not queue:
                queue = list(range(len(rows)))
                rng.shuffle(queue)
            picked.append(rows[queue.pop()])
        yield picked


def tune(folder, train, held, recipe, seed):
    """One run; returns the scores before and after, the tokens seen and the seconds taken."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    base = exact_match(model, held)[0]
    model = get_peft_model(model, LoraConfig(r=recipe["rank"], lora_alpha=recipe["alpha"], target_modules=SEVEN,
                                             lora_dropout=0.0, bias="none", task_type="CAUSAL_LM"))
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe["lr"], weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor(recipe["schedule"], recipe["warmup"], recipe["steps"]))
    model.train()
    tokens, start, losses = 0, time.time(), []
    for rows in order(train, recipe["batch"], recipe["steps"], seed):
        tokens += sum(len(ids) for ids, _ in rows)
        loss = model(**collate(rows, 1)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step(), schedule.step(), optimizer.zero_grad()
        losses.append(loss.item())
    return base, exact_match(model, held), tokens, time.time() - start, losses, model


def main():
    args = argparse.ArgumentParser()
    args.add_argument("dataset")
    args.add_argument("--model", type=pathlib.Path, default=PUBLIC / "models" / "ember")
    args.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    args.add_argument("--show", action="store_true", help="print the rows that are still wrong")
    for key, kind in (("steps", int), ("batch", int), ("rank", int), ("warmup", int), ("lr", float), ("schedule", str)):
        args.add_argument(f"--{key}", type=kind)
    args = args.parse_args()
    torch.set_num_threads(1)
    entry = next(d for d in json.loads((PUBLIC / "datasets" / "index.json").read_text()) if d["name"] == args.dataset)
    stored = entry["recipe"]
    recipe = dict(steps=stored["schedule"]["steps"], batch=stored["batch"]["size"], lr=stored["optimizer"]["learningRate"],
                  rank=stored["lora"]["rank"], schedule=stored["schedule"]["kind"], warmup=stored["schedule"]["warmup"])
    recipe.update({k: getattr(args, k) for k in ("steps", "batch", "rank", "warmup", "lr", "schedule") if getattr(args, k)})
    recipe["alpha"] = 2 * recipe["rank"]
    tok = AutoTokenizer.from_pretrained(args.model)
    read = lambda part: [encode(tok, r["prompt"], r["completion"]) for r in map(json.loads, open(PUBLIC / "datasets" / entry[part]))]
    train, held = read("train"), read("eval")
    print(json.dumps(recipe))
    after = []
    for seed in args.seeds:
        base, (tuned, hits), tokens, seconds, losses, model = tune(args.model, train, held, recipe, seed)
        after.append(tuned)
        print(f"{args.dataset} seed {seed}: base {base:.1%} tuned {tuned:.1%} tokens {tokens} seconds {seconds:.0f} "
              f"loss {losses[0]:.2f} -> {losses[-1]:.3f}", flush=True)
        if args.show:
            for (ids, start), hit in zip(held, hits):
                if not hit:
                    out = model.generate(input_ids=torch.tensor([ids[:start]]), attention_mask=torch.ones(1, start, dtype=torch.long),
                                         max_new_tokens=40, do_sample=False)[0][start:]
                    print("  want", tok.decode(ids), "\n  got ", tok.decode(out))
    print(f"{args.dataset}: lowest of {len(after)} seeds {min(after):.1%}")


if __name__ == "__main__":
    main()
