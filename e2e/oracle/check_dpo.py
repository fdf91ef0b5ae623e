"""Judge of `burnish train --method dpo`: the same pairs, order and initial adapter through TRL's own DPOTrainer.

    check_dpo.py --model DIR --data FILE.jsonl --order ORDER.json --init ADAPTER --recipe RECIPE.json --compare OURS.jsonl

Loss, gradient norm and the rewards (chosen, rejected, margins, accuracies) of every step must agree within 1e-3 of their
value; rewards below 0.01 are compared absolutely, since a float32 sum of log-probs has no more digits there.
"""
import argparse
import json
import tempfile

import common
import torch
from datasets import Dataset, disable_progress_bars
from trl import DPOConfig, DPOTrainer

REWARDS = ("chosen", "rejected", "margins", "accuracies")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--data", "--order", "--init", "--recipe", "--compare"):
        parser.add_argument(name, required=True)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    return parser.parse_args()


def trainer_of(args, recipe, rows, order, folder):
    """TRL's trainer over the rows in our order, one step a batch."""
    dpo, optimizer, schedule, lora = (recipe[key] for key in ("dpo", "optimizer", "schedule", "lora"))
    flat = [rows[row] for step in order for batch in step for row in batch]
    model = common.new_adapter(common.load_model(args.model), lora["rank"], lora["alpha"], lora["targets"])
    common.set_adapter(model, common.read_adapter_tensors(args.init))
    config = DPOConfig(
        output_dir=folder, use_cpu=True, bf16=False, report_to="none", disable_tqdm=True, logging_steps=1, save_strategy="no",
        gradient_checkpointing=False, max_steps=len(order), max_length=recipe["data"]["maxLength"],
        per_device_train_batch_size=len(order[0][0]), gradient_accumulation_steps=len(order[0]),
        learning_rate=optimizer["learningRate"], adam_beta1=optimizer["beta1"], adam_beta2=optimizer["beta2"],
        adam_epsilon=optimizer["epsilon"], weight_decay=optimizer["weightDecay"], max_grad_norm=optimizer["maxGradNorm"],
        lr_scheduler_type=schedule["kind"], warmup_steps=schedule["warmup"], optim="adamw_torch",
        beta=dpo["beta"], loss_type=[dpo["lossType"]], label_smoothing=dpo["labelSmoothing"],
    )
    trainer = DPOTrainer(model=model, args=config, train_dataset=Dataset.from_list(flat),
                         processing_class=common.load_tokenizer(args.model))
    trainer._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(trainer.train_dataset)
    return trainer


def main():
    args = arguments()
    disable_progress_bars()
    recipe = json.load(open(args.recipe, encoding="utf-8"))
    rows = common.read_jsonl(args.data)
    order = json.load(open(args.order, encoding="utf-8"))
    ours = [line for line in common.read_jsonl(args.compare) if line.get("type") == "step"]
    with tempfile.TemporaryDirectory() as folder:
        trainer = trainer_of(args, recipe, rows, order, folder)
        trainer.train()
        theirs = [line for line in trainer.state.log_history if "loss" in line]
    verdict = common.Verdict()
    verdict.check(len(ours) == len(theirs) == len(order), f"steps: ours {len(ours)}, TRL {len(theirs)}, order {len(order)}")
    for step, (got, want) in enumerate(zip(ours, theirs), start=1):
        pairs = [("loss", "loss", 0.0), ("gradNorm", "grad_norm", 0.0)]
        pairs += [(f"rewards/{name}", f"rewards/{name}", 0.01) for name in REWARDS]
        for mine, yours, floor in pairs:
            verdict.check(common.close(got.get(mine), want[yours], args.tolerance, floor=floor),
                          f"step {step} {mine}: ours {got.get(mine)}, TRL {want[yours]}")
    return verdict.finish()


if __name__ == "__main__":
    raise SystemExit(main())
