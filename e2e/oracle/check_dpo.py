"""Judge of `burnish train --method dpo`: the same pairs, order and initial adapter through TRL's own DPOTrainer.

    check_dpo.py --model DIR --data FILE.jsonl --order ORDER.json --init ADAPTER --recipe RECIPE.json --compare OURS.jsonl

Loss, gradient norm and the rewards (chosen, rejected, margins, accuracies) of every step must agree within 1e-3 of their
value; rewards below 0.01 are compared absolutely, since a float32 sum of log-probs has no more digits there.
"""
import trl_training
from trl import DPOConfig, DPOTrainer

FIELDS = [("loss", "loss", 0.0), ("gradNorm", "grad_norm", 0.0)]
FIELDS += [(f"rewards/{name}", f"rewards/{name}", 0.01) for name in ("chosen", "rejected", "margins", "accuracies")]


def config(settings, recipe):
    dpo = recipe["dpo"]
    return DPOConfig(**settings, beta=dpo["beta"], loss_type=[dpo["lossType"]], label_smoothing=dpo["labelSmoothing"])


if __name__ == "__main__":
    raise SystemExit(trl_training.judge(__doc__, DPOTrainer, config, FIELDS))
