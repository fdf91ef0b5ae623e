"""An exported folder as a stranger takes it: its card's metadata by huggingface_hub, and its train.py run as it stands.

    check_card.py --folder DIR --model DIR --data FILE.jsonl [--library NAME]

train.py has to learn: its last loss is below its first. Ends with "N passed, N failed".
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import common
from huggingface_hub import ModelCard
from safetensors import safe_open

parser = argparse.ArgumentParser(description=__doc__)
for name in ("--folder", "--model", "--data"):
    parser.add_argument(name, required=True)
parser.add_argument("--library", default="peft")
args = parser.parse_args()
verdict = common.Verdict()
folder = Path(args.folder)

card = ModelCard.load(folder / "README.md")
data = card.data
verdict.check(data.library_name == args.library, f"library_name is {data.library_name}")
verdict.check(data.pipeline_tag == "text-generation", f"pipeline_tag is {data.pipeline_tag}")
verdict.check(isinstance(data.base_model, str) and data.base_model != "", f"base_model is {data.base_model}")
verdict.check("burnish" in (data.tags or []), f"tags are {data.tags}")
results = data.eval_results or []
verdict.check(len(results) == 1 and 0 <= results[0].metric_value <= 100, f"model-index has {len(results)} results")
verdict.check("95 % interval" in card.text and "## Training" in card.text, "evaluation or training is missing")
verdict.check("<svg" in (folder / "curves.svg").read_text("utf-8"), "curves.svg is none")

out = tempfile.mkdtemp()
command = [sys.executable, str(folder / "train.py"), "--data", args.data, "--model", args.model, "--out", out]
done = subprocess.run(command, capture_output=True, text=True, timeout=170)
if verdict.check(done.returncode == 0, f"train.py: {done.stderr[-800:]}"):
    losses = [float(value) for value in re.findall(r"'loss': '?([\d.]+)", done.stdout)]
    verdict.check(len(losses) > 1 and losses[-1] < losses[0], f"train.py does not learn: {losses[:1]} to {losses[-1:]}")
    config = json.loads(Path(out, "adapter_config.json").read_text("utf-8"))
    recipe = json.loads((folder / "recipe.json").read_text("utf-8"))
    verdict.check(config["r"] == recipe["lora"]["rank"], f"train.py's rank is {config['r']}")
    with safe_open(str(Path(out, "adapter_model.safetensors")), "pt") as theirs:
        with safe_open(str(folder / "adapter_model.safetensors"), "pt") as ours:
            verdict.check(set(theirs.keys()) == set(ours.keys()), "train.py's adapter has other tensors")
sys.exit(verdict.finish())
