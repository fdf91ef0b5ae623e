"""What the judges of TRL's own trainers share: one recipe, adapter and order of rows, the same for them as for us."""
import argparse
import copy
import json
import tempfile
from pathlib import Path

import common
import torch
from datasets import Dataset, disable_progress_bars
from transformers import PrinterCallback


def settings(recipe, order, folder):
    """Arguments that SFTConfig and DPOConfig have in common."""
    optimizer, schedule = recipe["optimizer"], recipe["schedule"]
    return dict(
        output_dir=folder, use_cpu=True, bf16=False, report_to="none", disable_tqdm=True, logging_steps=1, save_strategy="no",
        gradient_checkpointing=False, max_steps=len(order), max_length=recipe["data"]["maxLength"],
        per_device_train_batch_size=len(order[0][0]), gradient_accumulation_steps=len(order[0]),
        learning_rate=optimizer["learningRate"], adam_beta1=optimizer["beta1"], adam_beta2=optimizer["beta2"],
        adam_epsilon=optimizer["epsilon"], weight_decay=optimizer["weightDecay"], max_grad_norm=optimizer["maxGradNorm"],
        lr_scheduler_type=schedule["kind"], warmup_steps=schedule["warmup"], optim="adamw_torch",
    )


def logged_steps(trainer_class, config, args, recipe, rows, order):
    """TRL's log line of each step over the rows in our order. Every batch of the order must have one size."""
    sizes = {len(batch) for step in order for batch in step}
    if len(sizes) != 1:
        raise SystemExit(f"TRL's batches are of one size, the order's are of {sorted(sizes)}")
    disable_progress_bars()
    flat = [rows[row] for step in order for batch in step for row in batch]
    lora = recipe["lora"]
    model = common.new_adapter(common.load_model(args.model), lora["rank"], lora["alpha"], lora["targets"])
    common.set_adapter(model, common.read_adapter_tensors(args.init))
    trainer = trainer_class(model=model, args=config, train_dataset=Dataset.from_list(copy.deepcopy(flat)),
                            processing_class=common.load_tokenizer(args.model))
    if len(trainer.train_dataset) != len(flat):
        raise SystemExit(f"TRL kept {len(trainer.train_dataset)} of {len(flat)} rows")
    trainer._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(trainer.train_dataset)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return [line for line in trainer.state.log_history if "loss" in line]


def compare(verdict, ours, theirs, order, fields, tolerance):
    """`fields`: (our name, TRL's name, floor of the relative error)."""
    verdict.check(len(ours) == len(theirs) == len(order), f"steps: ours {len(ours)}, TRL {len(theirs)}, order {len(order)}")
    for step, (got, want) in enumerate(zip(ours, theirs), start=1):
        for mine, yours, floor in fields:
            verdict.check(common.close(got.get(mine), float(want[yours]), tolerance, floor=floor),
                          f"step {step} {mine}: ours {got.get(mine)}, TRL {want[yours]}")


def judge(doc, trainer_class, config_of, fields):
    """The whole of a judge: every step of ours, to `--tolerance` of the value, by TRL's trainer. The exit status.

    `config_of(settings, recipe)` makes the trainer's own arguments.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--data", "--order", "--init", "--recipe", "--compare"):
        parser.add_argument(name, required=True)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    args = parser.parse_args()
    recipe = json.loads(Path(args.recipe).read_text("utf-8"))
    order = json.loads(Path(args.order).read_text("utf-8"))
    ours = [line for line in common.read_jsonl(args.compare) if line.get("type") == "step"]
    with tempfile.TemporaryDirectory() as folder:
        config = config_of(settings(recipe, order, folder), recipe)
        theirs = logged_steps(trainer_class, config, args, recipe, common.read_jsonl(args.data), order)
    verdict = common.Verdict()
    compare(verdict, ours, theirs, order, fields, args.tolerance)
    return verdict.finish()
