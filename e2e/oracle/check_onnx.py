"""An exported ONNX folder: valid by onnx's own checker, and in onnxruntime the logits and words of PEFT's merged model.

    check_onnx.py --onnx DIR --model DIR [--adapter DIR] [--tolerance 1e-3]

Ends with "N passed, N failed".
"""
import argparse
import sys
from pathlib import Path

import common
import numpy as np
import onnx
import onnxruntime
import torch
from peft import PeftModel

parser = argparse.ArgumentParser(description=__doc__)
for name in ("--onnx", "--model"):
    parser.add_argument(name, required=True)
parser.add_argument("--adapter", help="without it the model is the one that was written")
parser.add_argument("--tolerance", type=float, default=1e-3)
args = parser.parse_args()
verdict = common.Verdict()

path = next(Path(args.onnx, "onnx").glob("*.onnx"))
try:
    onnx.checker.check_model(str(path), full_check="quantized" not in path.name)
    verdict.check(True, "")
except onnx.checker.ValidationError as error:
    verdict.check(False, f"onnx's checker: {error}")

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(str(path), options)
model = common.load_model(args.model)
if args.adapter:
    model = PeftModel.from_pretrained(model, args.adapter).merge_and_unload()
tokenizer = common.load_tokenizer(args.onnx)


def feeds(ids, past):
    length = next(iter(past.values())).shape[2] + ids.shape[1]
    positions = np.arange(length - ids.shape[1], length)[None].repeat(ids.shape[0], 0)
    return {"input_ids": ids, "attention_mask": np.ones((ids.shape[0], length), np.int64), "position_ids": positions, **past}


def empty(batch):
    inputs = [one for one in session.get_inputs() if one.name.startswith("past")]
    return {one.name: np.zeros((batch, one.shape[1], 0, one.shape[3]), np.float32) for one in inputs}


names = [one.name for one in session.get_outputs()]
torch.manual_seed(0)
ids = torch.randint(0, model.config.vocab_size, (2, 24))
with torch.no_grad():
    want = model(ids).logits.numpy()
whole = session.run(None, feeds(ids.numpy(), empty(2)))
start = session.run(None, feeds(ids[:, :15].numpy(), empty(2)))
past = {name.replace("present", "past_key_values"): value for name, value in zip(names[1:], start[1:])}
rest = session.run(None, feeds(ids[:, 15:].numpy(), past))
for what, found in (("at once", whole[0]), ("over the cache", np.concatenate([start[0], rest[0]], 1))):
    off = float(np.abs(found - want).max())
    verdict.check(off <= args.tolerance, f"logits {what}: {off:.2e} apart, {args.tolerance} allowed")

# A row that is padded on the left says what it says alone.
padded = np.concatenate([np.zeros((1, 4), np.int64), ids[:1, :8].numpy()], 1)
mask = np.concatenate([np.zeros((1, 4), np.int64), np.ones((1, 8), np.int64)], 1)
positions = np.maximum(np.cumsum(mask, 1) - 1, 0)
left = session.run(None, {"input_ids": padded, "attention_mask": mask, "position_ids": positions, **empty(1)})[0]
alone = session.run(None, feeds(ids[:1, :8].numpy(), empty(1)))[0]
off = float(np.abs(left[:, 4:] - alone).max())
verdict.check(off <= 1e-4, f"padding on the left changes logits by {off:.2e}")
verdict.check(tokenizer("The sky")["input_ids"] == common.load_tokenizer(args.model)("The sky")["input_ids"], "other tokens")
sys.exit(verdict.finish())
