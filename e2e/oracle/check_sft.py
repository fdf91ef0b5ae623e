"""Judge of `burnish train`: the same rows, order and initial adapter through TRL's own SFTTrainer.

    check_sft.py --model DIR --data FILE.jsonl --order ORDER.json --init ADAPTER --recipe RECIPE.json --compare OURS.jsonl

Loss, gradient norm and learning rate of every step must agree within 1e-3 of their value. TRL's loss is in float32 and
its log rounds nothing; the last rate of a schedule is 0, which is compared absolutely.
"""
import trl_training
from trl import SFTConfig, SFTTrainer

FIELDS = [("loss", "loss", 0.0), ("gradNorm", "grad_norm", 0.0), ("lr", "learning_rate", 1e-6)]


def config(settings, recipe):
    return SFTConfig(**settings, packing=False, loss_type=recipe["sft"]["lossType"])


if __name__ == "__main__":
    raise SystemExit(trl_training.judge(__doc__, SFTTrainer, config, FIELDS))
