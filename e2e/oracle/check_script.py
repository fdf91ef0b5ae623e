"""train.py of an exported folder, run as it stands on the run's own data.

    check_script.py --folder DIR --model DIR --data FILE.jsonl

It must take every step of the recipe and leave an adapter with our tensors' names. What learns from given answers (SFT,
DPO) has to lower its loss; sampled answers (GRPO) have to be rewarded by each function of the recipe, and not all alike.
Ends with "N passed, N failed".
"""
import argparse
import ast
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import common
from safetensors import safe_open

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("--folder", "--model", "--data"):
    parser.add_argument(name, required=True)
args = parser.parse_args()
verdict = common.Verdict()
folder = Path(args.folder)
recipe = json.loads((folder / "recipe.json").read_text("utf-8"))

out = tempfile.mkdtemp()
command = [sys.executable, str(folder / "train.py"), "--data", args.data, "--model", args.model, "--out", out]
done = subprocess.run(command, capture_output=True, text=True, timeout=170)
if verdict.check(done.returncode == 0, f"train.py: {done.stderr[-800:]}"):
    logged = [ast.literal_eval(line) for line in re.findall(r"\{'loss':.*?\}", done.stdout)]
    losses = [float(line["loss"]) for line in logged]
    steps = recipe["schedule"]["steps"]
    verdict.check(len(losses) == steps and all(map(math.isfinite, losses)), f"train.py's losses of {steps} steps: {losses}")
    if recipe["method"] == "grpo":
        given = {key for line in logged for key in line if re.fullmatch(r"rewards/\w+/mean", key)}
        verdict.check(len(given) == len(recipe["grpo"]["rewards"]), f"train.py's rewards are {sorted(given)}")
        # A step that takes earlier answers again logs no rewards.
        spread = [float(line["reward_std"]) for line in logged if "reward_std" in line]
        verdict.check(max(spread, default=0) > 0, f"train.py's rewards never differ: {spread}")
    else:
        verdict.check(len(losses) > 1 and losses[-1] < losses[0], f"train.py does not learn: {losses[:1]} to {losses[-1:]}")
    config = json.loads(Path(out, "adapter_config.json").read_text("utf-8"))
    verdict.check(config["r"] == recipe["lora"]["rank"], f"train.py's rank is {config['r']}")
    with safe_open(str(Path(out, "adapter_model.safetensors")), "pt") as theirs:
        with safe_open(str(folder / "adapter_model.safetensors"), "pt") as ours:
            verdict.check(set(theirs.keys()) == set(ours.keys()), "train.py's adapter has other tensors")
sys.exit(verdict.finish())
