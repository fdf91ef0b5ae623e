"""Judge of `burnish train --full`: the same recipe, rows, batch order and start through plain transformers and torch.

    check_full.py --cases CASES.json [--loss-tolerance 1e-3] [--norm-tolerance 1e-3] [--final-tolerance 1e-2]

CASES.json: [{name, model, data, out, steps}]: the folder of the model, the rows, the folder that `--record --out` left, and the
lines that the run printed; all in one process, since importing torch costs more than a case. Like check_train.py, but
the weights themselves learn. Weight decay spares norms and biases, as transformers' Trainer does. With one step of plain
descent the movement is the gradient, and then every element of every tensor is compared, relative to the tensor's
largest; after more steps the mean difference with the mean movement. What `full.freeze` keeps must be equal to the last
bit. Muon is torch's own code with its iteration in f32 instead of bf16, since ours is; how far that of bf16 is, is told.
The final model must load without a missing or unexpected name, and its logits, in transformers, must be those of
the model that torch trained, relative to how far training moved them.
"""
import argparse
import copy
import fnmatch
import functools
import inspect
import json
import sys
from pathlib import Path

import torch
from torch.optim import _muon
from transformers import AutoModelForCausalLM

import common
import training
from check_train import compare_steps, read_order

DEFAULTS = {
    "data": {"maxLength": 256, "loss": "auto"},
    "full": {"train": [], "freeze": []},
    "optimizer": {
        "kind": "adamw", "learningRate": 2e-4, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "momentum": 0.9,
        "weightDecay": 0, "maxGradNorm": 1,
        "muonMomentum": 0.95, "adjustLearningRate": "match_rms_adamw", "otherLearningRate": 0,
    },
    "schedule": {"kind": "linear", "warmup": 0, "steps": 100},
}


NEWTON_SCHULZ = inspect.getsource(_muon._zeropower_via_newtonschulz)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--loss-tolerance", type=float, default=1e-3)
    parser.add_argument("--norm-tolerance", type=float, default=1e-3)
    parser.add_argument("--final-tolerance", type=float, default=1e-2)
    return parser.parse_args()


def learns(name, full):
    fits = lambda patterns: any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    return (not full["train"] or fits(full["train"])) and not fits(full["freeze"])


def iterate_in(dtype):
    """torch.optim.Muon iterates in bf16; this makes its very code do so in another type."""
    assert NEWTON_SCHULZ.count("grad.bfloat16()") == 1, "torch's Muon has changed"
    exec(NEWTON_SCHULZ.replace("grad.bfloat16()", f"grad.to({dtype})"), _muon.__dict__)


def make_optimizers(model, optimizer):
    """One, or Muon for the hidden layers' matrices and AdamW for all else."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if optimizer["kind"] != "muon":
        return [make_optimizer([p for _, p in named], optimizer)]
    apart = {id(model.get_input_embeddings().weight), id(model.get_output_embeddings().weight)}
    hidden = [p for _, p in named if p.ndim == 2 and id(p) not in apart]
    rest = [p for _, p in named if p.ndim != 2 or id(p) in apart]
    muon = torch.optim.Muon(
        hidden, lr=optimizer["learningRate"], weight_decay=optimizer["weightDecay"],
        momentum=optimizer["muonMomentum"], adjust_lr_fn=optimizer["adjustLearningRate"],
    )
    rate = optimizer["otherLearningRate"] or optimizer["learningRate"]
    return [muon] + ([make_optimizer(rest, {**optimizer, "kind": "adamw", "learningRate": rate})] if rest else [])


def make_optimizer(parameters, optimizer):
    """torch's own, with two groups: matrices, and what weight decay spares."""
    decay = optimizer["weightDecay"]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0},
    ]
    groups = [group for group in groups if group["params"]]
    rate = optimizer["learningRate"]
    if optimizer["kind"] == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=optimizer["momentum"])
    betas = (optimizer["beta1"], optimizer["beta2"])
    return torch.optim.AdamW(groups, lr=rate, betas=betas, eps=optimizer["epsilon"], foreach=False)


def train(model, rows, order, optimizer, schedule):
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizers = make_optimizers(model, optimizer)
    schedulers = [training.make_schedule(one, schedule) for one in optimizers]
    return training.steps(model, parameters, rows, order, optimizers, schedulers, optimizer["maxGradNorm"])


def tell_distance(trained, start, prepared, order, recipe, lines):
    """How far torch's own Muon, whose iteration is in bf16, is from the one judged by; nothing is checked."""
    other = copy.deepcopy(trained)
    other.load_state_dict(start, strict=False)
    iterate_in("torch.bfloat16")
    theirs = list(train(other, prepared, order, recipe["optimizer"], recipe["schedule"]))
    iterate_in("torch.float32")
    loss = max(abs(a["loss"] - b["loss"]) / b["loss"] for a, b in zip(theirs, lines))
    ends, half = tensors_of(trained), tensors_of(other)
    moved = max(float((half[n] - ends[n]).abs().mean() / (ends[n] - start[n]).abs().mean().clamp(min=1e-12)) for n in ends)
    print(f"  torch's Muon in bf16 is up to {loss:.1e} away in loss, a tensor {moved:.1e} of its movement")


def tensors_of(model):
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def compare_weights(verdict, start, ours, theirs, full, one_gradient, tolerance):
    verdict.check(set(ours) == set(theirs), f"names differ: {sorted(set(ours) ^ set(theirs))}")
    for name in sorted(set(ours) & set(theirs)):
        difference = (ours[name] - theirs[name]).abs()
        moved = (theirs[name] - start[name]).abs()
        if not learns(name, full):
            verdict.check(torch.equal(ours[name], start[name]), f"{name} is frozen and has changed")
        elif one_gradient:
            ratio = float(difference.max() / moved.max().clamp(min=1e-12))
            verdict.check(ratio <= 1e-3, f"gradient of {name} differs by {ratio:.2e} of its largest")
        else:
            ratio = float(difference.mean() / moved.mean().clamp(min=1e-12))
            verdict.check(ratio <= tolerance, f"{name} differs by {ratio:.2e} of its movement")


def load_exported(verdict, folder):
    model, told = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        verdict.check(not told[what], f"{folder}: {what} {sorted(map(str, told[what]))}")
    return model.eval()


def logits_of(model, rows):
    with torch.inference_mode():
        return torch.cat([model(input_ids=torch.tensor([row["ids"]])).logits[0] for row in rows])


def compare_logits(verdict, start, ours, theirs, tolerance):
    moved = float((theirs - start).abs().max())
    verdict.check(moved > 1e-2, f"training moved no logit by more than {moved:.1e}, so nothing is shown")
    ratio = float((ours - theirs).abs().max()) / max(moved, 1e-12)
    verdict.check(ratio <= tolerance, f"logits of the written model differ by {ratio:.2e} of their movement")


@functools.cache
def prepared_rows(model, data, max_length, loss):
    rows = common.prepare_rows(common.load_tokenizer(model), common.read_jsonl(data), max_length, loss)
    return {row["row"]: row for row in rows}


def check_case(verdict, args, case):
    out = Path(case["out"])
    given = json.loads((out / "recipe.json").read_text("utf-8"))
    recipe = {section: {**fields, **given.get(section, {})} for section, fields in DEFAULTS.items()}
    order = read_order(out / "order.json", None)
    prepared = prepared_rows(case["model"], case["data"], recipe["data"]["maxLength"], recipe["data"]["loss"])
    model = load_exported(verdict, out / "initial")
    start = tensors_of(model)
    if given.get("start", "new") == "new":
        base = tensors_of(common.load_model(case["model"]))
        # Gemma's norms are w - 1 in its files and w in the engine, which rounds.
        same = all(torch.allclose(tensor, base[name], rtol=0, atol=2e-7) for name, tensor in start.items())
        verdict.check(same, "the start is not the model as its files have it")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(learns(name, recipe["full"]))
    shown = list(prepared.values())[:4]
    logits = logits_of(model, shown)
    lines = list(train(model, prepared, order, recipe["optimizer"], recipe["schedule"]))
    compare_steps(verdict, common.read_jsonl(case["steps"]), lines, args.loss_tolerance, args.norm_tolerance)
    optimizer = recipe["optimizer"]
    one_gradient = len(order) == 1 and optimizer["kind"] == "sgd" and optimizer["maxGradNorm"] == 0
    ours = load_exported(verdict, out)
    if optimizer["kind"] == "muon":
        tell_distance(model, start, prepared, order, recipe, lines)
    compare_weights(verdict, start, tensors_of(ours), tensors_of(model), recipe["full"], one_gradient, args.final_tolerance)
    compare_logits(verdict, logits, logits_of(ours, shown), logits_of(model, shown), args.final_tolerance)


def main():
    args = arguments()
    iterate_in("torch.float32")
    verdict = common.Verdict()
    for case in json.loads(args.cases.read_text("utf-8")):
        before = verdict.failed
        check_case(verdict, args, case)
        if verdict.failed > before:
            print(f"  … in the case {case['name']}")
    return verdict.finish()


if __name__ == "__main__":
    sys.exit(main())
