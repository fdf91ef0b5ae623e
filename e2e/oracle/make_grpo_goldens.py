"""Goldens of GRPO: advantages, loss and gradient of TRL's own GRPOTrainer on fixed completions and rewards.

    make_grpo_goldens.py [--check]      writes ../fixtures/llama-gqa/grpo.json, or compares it with what TRL says now

A case has a way of aggregating and of scaling rewards. Half of the cases are a first step; the others come after one:
their old and reference log-probs are the model's own, moved by fixed amounts, so that some ratios are clipped.
A gradient is kept as two numbers a tensor: its norm, and its dot product with cos(0), cos(1), ….
"""
import argparse
import json
import random
import tempfile
from pathlib import Path

import common
import torch
from datasets import Dataset, disable_progress_bars
from trl import GRPOConfig, GRPOTrainer

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "llama-gqa"
GROUPS, SIZE, LONGEST = 2, 4, 12
CASES = [(loss, scale, later) for loss, scale in (("dapo", "group"), ("grpo", "batch"), ("dr_grpo", "none")) for later in (0, 1)]


def fixed_rollouts(vocab, eos):
    rng = random.Random(3)
    prompts = [[rng.randrange(3, vocab) for _ in range(5 + 3 * group)] for group in range(GROUPS)]
    answers = [[rng.randrange(3, vocab) for _ in range(rng.randrange(2, LONGEST))] + [eos] for _ in range(GROUPS * SIZE)]
    rewards = [round(rng.random(), 3) for _ in answers]
    return [prompts[i // SIZE] for i in range(len(answers))], answers, rewards


def trainer_of(folder, loss, scale, later, rewards):
    config = GRPOConfig(
        output_dir=folder, use_cpu=True, bf16=False, report_to="none", gradient_checkpointing=False, loss_type=loss,
        scale_rewards=scale, num_generations=SIZE, per_device_train_batch_size=GROUPS * SIZE, max_completion_length=LONGEST,
        beta=0.05 if later else 0.0, epsilon=0.2, epsilon_high=0.28, num_iterations=2 if later else 1,
    )
    model = common.load_adapter(common.load_model(FOLDER), FOLDER / "adapter", trainable=True)
    trainer = GRPOTrainer(model=model, args=config, reward_funcs=lambda completions, **_: rewards,
                          train_dataset=Dataset.from_list([{"prompt": "x"}]), processing_class=common.load_tokenizer(FOLDER))
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    return trainer


def run_case(loss, scale, later, prompts, answers, rewards):
    with tempfile.TemporaryDirectory() as folder:
        trainer = trainer_of(folder, loss, scale, later, rewards)
        texts = ["x"] * len(answers)
        trainer._generate = lambda *_: (prompts, answers, None, texts, None, {}, None, None)
        inputs = trainer._generate_and_score_completions([{"prompt": "x"} for _ in answers])
        case = dict(lossType=loss, scaleRewards=scale, later=bool(later), advantages=inputs["advantages"].tolist())
        if later:
            ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
            mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
            width = inputs["completion_ids"].size(1)
            with torch.no_grad():
                own, *_ = trainer._get_per_token_logps_and_entropies(trainer.model, ids, mask, width)
            shift = torch.arange(own.numel()).view_as(own).float()
            inputs["old_per_token_logps"] = own + 0.3 * torch.sin(shift)
            inputs["ref_per_token_logps"] = own + 0.5 * torch.cos(shift)
            lengths = [len(answer) for answer in answers]
            for name in ("old", "ref"):
                rows = inputs[f"{name}_per_token_logps"].tolist()
                case[name] = [row[:length] for row, length in zip(rows, lengths)]
        value = trainer._compute_loss(trainer.model, inputs)
        value.backward()
        case["loss"] = float(value)
        case["gradient"] = {name: summary(p.grad) for name, p in common.adapter_parameters(trainer.model).items()}
        return case


def summary(gradient):
    flat = gradient.flatten().double()
    return [float(flat.norm()), float(flat @ torch.cos(torch.arange(flat.numel()).double()))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    disable_progress_bars()
    tokenizer = common.load_tokenizer(FOLDER)
    prompts, answers, rewards = fixed_rollouts(64, tokenizer.eos_token_id)
    cases = [run_case(*case, prompts, answers, rewards) for case in CASES]
    made = dict(prompts=prompts, answers=answers, rewards=rewards, size=SIZE, longest=LONGEST, cases=cases)
    path = FOLDER / "grpo.json"
    if not args.check:
        path.write_text(json.dumps(made) + "\n", encoding="utf-8")
        return 0
    verdict = common.Verdict()
    kept = json.loads(path.read_text("utf-8"))
    for ours, theirs in zip(kept["cases"], cases):
        name = f"{theirs['lossType']} {theirs['scaleRewards']} later={theirs['later']}"
        verdict.check(common.close(ours["loss"], theirs["loss"], 1e-4, floor=1e-3), f"{name}: loss {ours['loss']}, TRL {theirs['loss']}")
        for got, want in zip(ours["advantages"], theirs["advantages"]):
            verdict.check(common.close(got, want, 1e-5, floor=1e-3), f"{name}: advantage {got}, TRL {want}")
        for key, (norm, _) in theirs["gradient"].items():
            verdict.check(common.close(ours["gradient"][key][0], norm, 1e-4, floor=1e-6), f"{name}: gradient of {key}")
    return verdict.finish()


if __name__ == "__main__":
    raise SystemExit(main())
