"""Judge of `burnish tokens`: ids and labels of rows of every dataset type, as TRL's own trainers prepare them.

    check_data.py --make FOLDER --model DIR           writes cases: model folders, rows, cases.json
    check_data.py --compare FOLDER                    reads FOLDER/<case>.ours.jsonl and asks TRL again

The cases: each type, standard and conversational, times the losses it can have, with the tiny tokenizer under four chat
templates (its own, and three of TRL's, which know tools, template arguments and generation marks). The rows are made from
seeded pieces: tokens that merge across borders, emoji, control tokens typed as text, empty turns, spaces at the ends.
"""
import argparse
import json
import random
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import common
import trl
from datasets import Dataset, disable_progress_bars
from trl import DPOConfig, SFTConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.kto_trainer import KTOTrainer
from trl.trainer.sft_trainer import SFTTrainer

MAX_LENGTH = 96
TEMPLATES = {"own": None, "qwen3": "qwen3_training.jinja", "qwen2_5": "qwen2_5_training.jinja", "llama3": "llama3_training.jinja"}
WORDS = ["turn on the la", "mp", "light", " the weather?", "it's", "naïve", "你好", "👍🏽", "\n\n", "  ", "42", "def f(x):\n\treturn x",
         "<|im_end|>", "<|im_start|>user", "привет", "{\"a\": 1}", " ", "answer", "hello there"]
TOOLS = [{"type": "function", "function": {"name": "lamp", "description": "Turns it <on>.", "parameters": {
    "type": "object", "properties": {"state": {"type": "string", "enum": ["on", "off"]}}, "required": ["state"]}}}]


def rows_of(kind, draw, count):
    def text(low=1, high=5):
        return "".join(draw.choice(WORDS) for _ in range(draw.randint(low, high)))

    def user():
        return {"role": "user", "content": text()}

    def bot():
        return {"role": "assistant", "content": text()}

    def asked():
        system = [{"role": "system", "content": text()}] if draw.random() < 0.4 else []
        earlier = [user(), bot()] if draw.random() < 0.4 else []
        return [*system, *earlier, user()]

    def extras():
        more = {}
        if draw.random() < 0.3:
            more["tools"] = TOOLS if draw.random() < 0.5 else json.dumps(TOOLS)
        if draw.random() < 0.3:
            more["chat_template_kwargs"] = {"enable_thinking": draw.random() < 0.5}
        return more

    def row():
        if kind == "text":
            return {"text": text(2, 30)}
        if kind == "completion":
            return {"prompt": text(0, 6), "completion": text(1, 20)}
        if kind == "messages":
            return {"messages": [*asked(), bot()], **extras()}
        if kind == "chat":
            return {"prompt": asked(), "completion": [bot()], **extras()}
        if kind == "calls":
            call = {"role": "assistant", "content": "", "tool_calls": [
                {"type": "function", "function": {"name": "lamp", "arguments": {"state": draw.choice(["on", "off"])}}}]}
            return {"messages": [user(), call, {"role": "tool", "content": text()}, bot()], "tools": TOOLS}
        if kind == "sharegpt":
            return {"conversations": [{"from": "user", "value": text()}, {"from": "assistant", "value": text()}]}
        if kind == "pair":
            return {"prompt": text(), "chosen": text(), "rejected": text()}
        if kind == "implicit":
            shared = text(2, 4)
            return {"chosen": shared + draw.choice(["x", " y"]) + text(), "rejected": shared + draw.choice(["x", " z"]) + text()}
        if kind == "chat-pair":
            return {"prompt": asked(), "chosen": [bot()], "rejected": [bot()], **extras()}
        if kind == "chat-implicit":
            shared = asked()
            return {"chosen": [*shared, bot()], "rejected": [*shared, bot()]}
        if kind == "unpaired":
            return {"prompt": text(), "completion": text(), "label": draw.random() < 0.5}
        if kind == "chat-unpaired":
            return {"prompt": asked(), "completion": [bot()], "label": draw.random() < 0.5}
        if kind == "prompt":
            return {"prompt": text()}
        return {"prompt": asked()}

    return [row() for _ in range(count)]


def cases():
    """(name, template, method, loss, kind, rows)"""
    draw = random.Random(20)
    plan = [("text", "sft", ["auto"]), ("completion", "sft", ["auto", "all"]), ("pair", "dpo", [""]), ("implicit", "dpo", [""]),
            ("unpaired", "kto", [""]), ("prompt", "grpo", [""])]
    chats = [("messages", "sft", ["auto", "assistant"]), ("chat", "sft", ["auto", "assistant"]), ("calls", "sft", ["auto", "assistant"]),
             ("sharegpt", "sft", ["auto"]), ("chat-pair", "dpo", [""]), ("chat-implicit", "dpo", [""]), ("chat-unpaired", "kto", [""]),
             ("chat-prompt", "grpo", [""])]
    for template in TEMPLATES:
        for kind, method, losses in [*(plan if template == "own" else []), *chats]:
            # The tiny template knows no tool calls, and Llama 3's writes none.
            if kind == "calls" and template in ("own", "llama3"):
                continue
            rows = rows_of(kind, draw, 8)
            for loss in losses:
                yield f"{template}-{kind}-{loss or method}", template, method, loss, kind, rows


def make(folder, model):
    models = {}
    for name, file in TEMPLATES.items():
        out = folder / f"model-{name}"
        shutil.copytree(Path(__file__).parent.parent / "fixtures" / "tokenizer", out, ignore=shutil.ignore_patterns("expected.json"))
        config = json.loads((Path(model) / "config.json").read_text())
        (out / "config.json").write_text(json.dumps({**config, "vocab_size": 400}))
        if file:
            shutil.copy(Path(trl.__file__).parent / "chat_templates" / file, out / "chat_template.jinja")
        models[name] = out.name
    listed = []
    for name, template, method, loss, _, rows in cases():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        listed.append({"name": name, "model": models[template], "method": method, "loss": loss or "auto", "maxLength": MAX_LENGTH})
    (folder / "cases.json").write_text(json.dumps(listed))


LOSSES = {"auto": {}, "all": {"completion_only_loss": False}, "assistant": {"assistant_only_loss": True}}


def one(method, loss, tokenizer, row):
    """What TRL makes of this row alone, so that dropped rows keep their place; None when it drops it."""
    data = Dataset.from_list([row])
    if method == "sft":
        args = SFTConfig(output_dir="unused", max_length=MAX_LENGTH, report_to=[], bf16=False, **LOSSES[loss])
        pair = "prompt" in row and "completion" in row
        stub = SimpleNamespace(_tokenizer=tokenizer, completion_only_loss=pair and loss != "all", chat_template=None)
        out = SFTTrainer._prepare_dataset(stub, data, tokenizer, args, False, None, "train")
        return {"ids": out[0]["input_ids"], "labels": out[0]["labels"]} if len(out) else None
    args = DPOConfig(output_dir="unused", max_length=None, report_to=[], bf16=False)
    stub = SimpleNamespace(_tokenizer=tokenizer, calculate_KL=False)
    if method == "dpo":
        out = DPOTrainer._prepare_dataset(stub, data, tokenizer, args, "train")[0]
        return {"prompt": out["prompt_ids"], "chosen": out["chosen_ids"], "rejected": out["rejected_ids"]}
    if method == "kto":
        out = KTOTrainer._prepare_dataset(stub, data, tokenizer, args, "train")[0]
        return {"prompt": out["prompt_ids"], "completion": out["completion_ids"], "label": row["label"]}
    if isinstance(row["prompt"], str):
        return {"prompt": tokenizer(text=[row["prompt"]])["input_ids"][0]}
    ids = tokenizer.apply_chat_template(conversation=[row["prompt"]], add_generation_prompt=True, tokenize=True, return_dict=True)
    return {"prompt": ids["input_ids"][0]}


def compare(folder):
    disable_progress_bars()
    verdict = common.Verdict()
    tokenizers = {}
    for name, template, method, loss, _, rows in cases():
        tokenizer = tokenizers.setdefault(template, common.load_tokenizer(str(folder / f"model-{template}")))
        ours = {line["line"]: line for line in common.read_jsonl(folder / f"{name}.ours.jsonl") if "line" in line}
        for index, row in enumerate(rows):
            theirs = one(method, loss, tokenizer, json.loads(json.dumps(row)))
            mine = ours.get(index + 1, {})
            if theirs is None:
                taught = [label for label in mine.get("labels", [])[1:] if label != -100]
                verdict.check("labels" in mine and not taught, f"{name} row {index}: TRL drops it, ours teaches {taught}")
                continue
            got = {key: mine.get(key) for key in theirs}
            verdict.check(got == theirs, f"{name} row {index}: ours {mine}, TRL {theirs}, row {json.dumps(row)[:300]}")
    return verdict.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", type=Path)
    parser.add_argument("--compare", type=Path)
    parser.add_argument("--model", help="a folder with a config.json")
    args = parser.parse_args()
    if args.make:
        args.make.mkdir(parents=True, exist_ok=True)
        make(args.make, args.model)
        return 0
    return compare(args.compare)


if __name__ == "__main__":
    sys.exit(main())
