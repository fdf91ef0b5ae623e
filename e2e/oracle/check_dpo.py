"""Judge of `burnish train --method dpo`: the same pairs, order and initial adapter through TRL's own DPOTrainer.

    check_dpo.py --model DIR --data FILE.jsonl --order ORDER.json --init ADAPTER --recipe RECIPE.json --compare OURS.jsonl

Loss, gradient norm and the rewards (chosen, rejected, margins, accuracies) of every step must agree within 1e-3 of their
value; rewards below 0.01 are compared absolutely, since a float32 sum of log-probs has no more digits there.
"""
import argparse
import json
import tempfile

import common
import trl_training
from trl import DPOConfig, DPOTrainer

FIELDS = [("loss", "loss", 0.0), ("gradNorm", "grad_norm", 0.0)]
FIELDS += [(f"rewards/{name}", f"rewards/{name}", 0.01) for name in ("chosen", "rejected", "margins", "accuracies")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--data", "--order", "--init", "--recipe", "--compare"):
        parser.add_argument(name, required=True)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    return parser.parse_args()


def main():
    args = arguments()
    recipe = json.load(open(args.recipe, encoding="utf-8"))
    order = json.load(open(args.order, encoding="utf-8"))
    ours = [line for line in common.read_jsonl(args.compare) if line.get("type") == "step"]
    dpo = recipe["dpo"]
    with tempfile.TemporaryDirectory() as folder:
        config = DPOConfig(**trl_training.settings(recipe, order, folder), beta=dpo["beta"], loss_type=[dpo["lossType"]],
                           label_smoothing=dpo["labelSmoothing"])
        theirs = trl_training.logged_steps(DPOTrainer, config, args, recipe, common.read_jsonl(args.data), order)
    verdict = common.Verdict()
    trl_training.compare(verdict, ours, theirs, order, FIELDS, args.tolerance)
    return verdict.finish()


if __name__ == "__main__":
    raise SystemExit(main())
