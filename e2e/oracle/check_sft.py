"""Judge of `burnish train`: the same rows, order and initial adapter through TRL's own SFTTrainer.

    check_sft.py --model DIR --data FILE.jsonl --order ORDER.json --init ADAPTER --recipe RECIPE.json --compare OURS.jsonl

Loss, gradient norm and learning rate of every step must agree within 1e-3 of their value. TRL's loss is in float32 and
its log rounds nothing; the last rate of a schedule is 0, which is compared absolutely.
"""
import argparse
import json
import tempfile

import common
import trl_training
from trl import SFTConfig, SFTTrainer

FIELDS = [("loss", "loss", 0.0), ("gradNorm", "grad_norm", 0.0), ("lr", "learning_rate", 1e-6)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--data", "--order", "--init", "--recipe", "--compare"):
        parser.add_argument(name, required=True)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    args = parser.parse_args()
    recipe = json.load(open(args.recipe, encoding="utf-8"))
    order = json.load(open(args.order, encoding="utf-8"))
    ours = [line for line in common.read_jsonl(args.compare) if line.get("type") == "step"]
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(**trl_training.settings(recipe, order, folder), packing=False, loss_type=recipe["sft"]["lossType"])
        theirs = trl_training.logged_steps(SFTTrainer, config, args, recipe, common.read_jsonl(args.data), order)
    verdict = common.Verdict()
    trl_training.compare(verdict, ours, theirs, order, FIELDS, args.tolerance)
    return verdict.finish()


if __name__ == "__main__":
    raise SystemExit(main())
