"""Judge of `burnish eval --text`: perplexity and bits per byte of each row's "text" as transformers computes them.

    check_text_loss.py --model DIR [--adapter DIR] --text FILE.jsonl --compare OURS.json [--tolerance 1e-4]

The first word of a text is given, all else is scored. Ends with "N passed, N failed".
"""
import argparse
import math
import re
import sys

import torch

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("--model", "--text", "--compare"):
    parser.add_argument(name, required=True)
parser.add_argument("--adapter")
parser.add_argument("--tolerance", type=float, default=1e-4)
args = parser.parse_args()

tokenizer = common.load_tokenizer(args.model)
texts = [row["text"] for row in common.read_jsonl(args.text)]
said = common.read_jsonl(args.compare)[-1]
verdict = common.Verdict()


def loss(model):
    nats = tokens = size = errors = 0
    for text in texts:
        first, rest = re.match(r"^(\s*\S+)(\s[\s\S]+)$", text).groups()
        ids = tokenizer(text)["input_ids"]
        if len(ids) > model.config.max_position_embeddings:
            errors += 1
            continue
        given = min(len(ids) - 1, max(1, len(tokenizer(first)["input_ids"])))
        with torch.no_grad():
            likely = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        nats -= sum(likely[i - 1, ids[i]].item() for i in range(given, len(ids)))
        tokens += len(ids) - given
        size += len(rest.encode())
    return {"perplexity": math.exp(nats / tokens), "bitsPerByte": nats / math.log(2) / size, "tokens": tokens, "bytes": size, "errors": errors}


def compare(arm, theirs):
    print(f"{arm}: {theirs}")
    for key, value in theirs.items():
        ours = said[arm][key]
        verdict.check(common.close(ours, value, args.tolerance), f"{arm} {key}: {ours}, not {value}")


model = common.load_model(args.model)
compare("base", loss(model))
if args.adapter:
    compare("tuned", loss(common.load_adapter(model, args.adapter)))
sys.exit(verdict.finish())
