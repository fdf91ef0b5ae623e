"""Judge of an exported adapter: real PEFT opens the folder on the base model and behaves as Burnish says it does.

    check_adapter.py --model DIR --adapter DIR [--greedy GREEDY.json] [--data FILE.jsonl --scores OURS.jsonl]
                     [--max-length 256] [--loss auto] [--tolerance 1e-3]

Always: the config names this adapter, the file's keys are exactly the model's, every value arrives, all are finite.
GREEDY.json: [{"prompt", "text", "maxTokens"?, "chat"?}], texts without special tokens, greedy until an end token.
OURS.jsonl: lines of `burnish score --adapter`. Prints the failures and `N passed, N failed`.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
from peft import PeftConfig
from peft.utils.other import get_pattern_key

import common


def check_folder(verdict, model, folder, tensors):
    """`model` is the loaded PeftModel, `tensors` what the file holds."""
    raw = json.loads((Path(folder) / "adapter_config.json").read_text("utf-8"))
    config = PeftConfig.from_pretrained(folder)
    verdict.check(raw.get("peft_type") == "LORA", f"peft_type is {raw.get('peft_type')}")
    verdict.check(raw.get("task_type") == "CAUSAL_LM", f"task_type is {raw.get('task_type')}")
    loaded = common.adapter_tensors(model)
    missing, extra = sorted(set(loaded) - set(tensors)), sorted(set(tensors) - set(loaded))
    verdict.check(not missing, f"missing keys: {missing}")
    verdict.check(not extra, f"unexpected keys: {extra}")
    for name in sorted(set(loaded) & set(tensors)):
        magnitude = name.endswith("lora_magnitude_vector")
        rank = config.r if magnitude else tensors[name].shape[0 if ".lora_A." in name else 1]
        module = name.removeprefix("base_model.model.").split(".lora_")[0]
        wanted = config.rank_pattern.get(get_pattern_key(config.rank_pattern.keys(), module), config.r)
        verdict.check(magnitude or rank == wanted, f"{name}: rank {rank}, config says {wanted}")
        arrived = tensors[name].shape == loaded[name].shape and torch.equal(tensors[name].float(), loaded[name].float())
        verdict.check(arrived, f"{name}: PEFT holds other values than the file")
        verdict.check(bool(torch.isfinite(tensors[name]).all()), f"{name}: not finite")


def greedy(model, tokenizer, case):
    if case.get("chat"):
        turn = [{"role": "user", "content": case["prompt"]}]
        ids = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=True)["input_ids"]
    else:
        ids = tokenizer(case["prompt"])["input_ids"]
    ids = torch.tensor([ids])
    out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False,
                         max_new_tokens=case.get("maxTokens", 64), pad_token_id=tokenizer.pad_token_id or 0)
    return tokenizer.decode(out[0, ids.shape[1]:], skip_special_tokens=True, clean_up_tokenization_spaces=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--greedy")
    parser.add_argument("--data")
    parser.add_argument("--scores")
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--loss", choices=["auto", "completion", "assistant", "all"], default="auto")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    args = parser.parse_args()
    if bool(args.data) != bool(args.scores):
        parser.error("--data and --scores go together")

    verdict = common.Verdict()
    try:
        tensors = common.read_adapter_tensors(args.adapter)
        model = common.load_adapter(common.load_model(args.model), args.adapter)
    except Exception as error:  # the libraries' own words are the finding
        verdict.check(False, f"PEFT cannot load the folder: {error}")
        return verdict.finish()
    check_folder(verdict, model, args.adapter, tensors)
    tokenizer = common.load_tokenizer(args.model)
    for index, case in enumerate(json.load(open(args.greedy, encoding="utf-8")) if args.greedy else []):
        text = greedy(model, tokenizer, case)
        verdict.check(text == case["text"], f"greedy {index}: ours {case['text']!r}, PEFT {text!r}")
    if args.data:
        rows = common.read_jsonl(args.data)
        prepared = common.prepare_rows(tokenizer, rows, args.max_length, args.loss)
        lines = common.score(model, prepared, len(rows))
        common.compare_scores(verdict, common.read_jsonl(args.scores), lines, args.tolerance)
    return verdict.finish()


if __name__ == "__main__":
    sys.exit(main())
