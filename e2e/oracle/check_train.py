"""Judge of `burnish train`: the same recipe, rows, batch order and initial adapter through torch and PEFT.

    check_train.py --model DIR --data FILE.jsonl --order ORDER.json --init ADAPTER [--recipe RECIPE.json] [--steps K]
                   [--compare OURS.jsonl] [--loss-tolerance 1e-4] [--norm-tolerance 1e-3] [--final ADAPTER]

ORDER.json is a list with one entry per optimizer step: the row numbers of the step (from 0, lines of FILE.jsonl), or a
list of micro-batches of row numbers. ADAPTER is a safetensors file in PEFT names, or a PEFT folder. RECIPE.json is
Burnish's recipe; absent fields have its defaults. Without --compare it prints the step lines. With it, OURS.jsonl holds
{"type":"step","step","loss","gradNorm","lr"} lines (others are ignored), and the exit status is 1 if any step differs.
--final also compares our adapter after the last step (mean |difference| against mean |movement from the start|).
"""
import argparse
import itertools
import json
import sys

import common
import training

DEFAULTS = {
    "data": {"maxLength": 256, "loss": "auto"},
    "lora": {
        "rank": 8, "alpha": 16, "targets": common.PROJECTIONS, "useRslora": False, "rankPattern": {}, "alphaPattern": {},
        "plusRatio": 1, "useDora": False,
    },
    "optimizer": {
        "learningRate": 2e-4, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0, "maxGradNorm": 1,
    },
    "schedule": {"kind": "linear", "warmup": 0, "steps": 100},
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--data", "--order", "--init"):
        parser.add_argument(name, required=True)
    parser.add_argument("--recipe")
    parser.add_argument("--steps", type=int, help="only the first K steps; the schedule keeps the recipe's length")
    parser.add_argument("--compare")
    parser.add_argument("--loss-tolerance", type=float, default=1e-4)
    parser.add_argument("--norm-tolerance", type=float, default=1e-3)
    parser.add_argument("--final")
    parser.add_argument("--final-tolerance", type=float, default=1e-2)
    return parser.parse_args()


def read_recipe(path):
    given = json.load(open(path, encoding="utf-8")) if path else {}
    return {section: {**fields, **given.get(section, {})} for section, fields in DEFAULTS.items()}


def read_order(path, steps):
    order = json.load(open(path, encoding="utf-8"))[:steps]
    return [entry if isinstance(entry[0], list) else [entry] for entry in order]


def compare_steps(verdict, ours, theirs, loss_tolerance, norm_tolerance):
    ours = sorted((line for line in ours if line.get("type") == "step"), key=lambda line: line["step"])
    first = ours[0]["step"] if ours else 1
    verdict.check(first in (0, 1) and [line["step"] for line in ours] == list(range(first, first + len(theirs))),
                  f"steps: ours {[line['step'] for line in ours]}, reference 1 to {len(theirs)}")
    for got, want in zip(ours, theirs):
        for field, tolerance in (("loss", loss_tolerance), ("gradNorm", norm_tolerance), ("lr", 1e-6)):
            verdict.check(common.close(got.get(field), want[field], tolerance),
                          f"step {want['step']} {field}: ours {got.get(field)}, reference {want[field]:.8f}")


def compare_final(verdict, ours, start, theirs, tolerance):
    verdict.check(set(ours) == set(theirs), f"adapter names differ: {sorted(set(ours) ^ set(theirs))}")
    for name in sorted(set(ours) & set(theirs)):
        if not verdict.check(ours[name].shape == theirs[name].shape, f"{name}: shape {tuple(ours[name].shape)}"):
            continue
        moved = (theirs[name] - start[name]).abs().mean()
        ratio = float((ours[name].float() - theirs[name]).abs().mean() / moved.clamp(min=1e-12))
        verdict.check(ratio <= tolerance, f"{name}: differs by {ratio:.2e} of its movement")


def main():
    args = arguments()
    recipe, order = read_recipe(args.recipe), read_order(args.order, args.steps)
    rows = common.read_jsonl(args.data)
    data = recipe["data"]
    prepared = common.prepare_rows(common.load_tokenizer(args.model), rows, data["maxLength"], data["loss"])
    prepared = {row["row"]: row for row in prepared}
    dropped = {row for row in itertools.chain(*itertools.chain(*order))} - set(prepared)
    if dropped:
        sys.exit(f"the order names rows that are not in the data or carry no labelled token: {sorted(dropped)}")
    lora = recipe["lora"]
    model = common.new_adapter(
        common.load_model(args.model), lora["rank"], lora["alpha"], lora["targets"],
        use_rslora=lora["useRslora"], use_dora=lora["useDora"], rank_pattern=lora["rankPattern"], alpha_pattern=lora["alphaPattern"],
    )
    common.set_adapter(model, common.read_adapter_tensors(args.init))
    start = common.adapter_tensors(model)
    lines = []
    for line in training.train(model, prepared, order, recipe["optimizer"], recipe["schedule"], lora["plusRatio"]):
        lines.append(line)
        if not args.compare:
            print(json.dumps({"type": "step", **line}), flush=True)
    if not args.compare and not args.final:
        return 0
    verdict = common.Verdict()
    if args.compare:
        compare_steps(verdict, common.read_jsonl(args.compare), lines, args.loss_tolerance, args.norm_tolerance)
    if args.final:
        ours = common.read_adapter_tensors(args.final)
        compare_final(verdict, ours, start, common.adapter_tensors(model), args.final_tolerance)
    return verdict.finish()


if __name__ == "__main__":
    sys.exit(main())
