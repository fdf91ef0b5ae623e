"""A job folder of `burnish jobs script`, run to the end by real TRL and PEFT, killed on the way and started again.

    check_job.py --job DIR --model DIR --tokens OURS.jsonl [--kill] [--llama-cpp DIR]

`train.py` must take every step, see the ids and labels of the page (its own fingerprint, and here row by row), leave an
adapter of our names (or all weights, the frozen as they were), evaluate both arms, and write a result.json whose figures are its files'. With --kill the process dies
by SIGKILL behind its first checkpoint and ends by SIGTERM behind the second; started again it must reach the adapter of a run
that nobody stopped. With --llama-cpp the merged weights become a Q8_0 GGUF. OURS.jsonl: `burnish tokens` of train.jsonl.
Ends with "N passed, N failed".
"""
import argparse
import fnmatch
import hashlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import common
from safetensors.torch import load_file

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("--job", "--model"):
    parser.add_argument(name, required=True)
parser.add_argument("--tokens")
parser.add_argument("--kill", action="store_true")
parser.add_argument("--llama-cpp")
args = parser.parse_args()
verdict = common.Verdict()
job = Path(args.job)
recipe = json.loads((job / "recipe.json").read_text("utf-8"))
steps, method = recipe["schedule"]["steps"], recipe["method"]


def converter(folder):
    """llama.cpp's converter, which knows tokenizers by the hash of a text, told that the tiny one is GPT-2's."""
    shim = job / "llama.cpp"
    shim.mkdir(exist_ok=True)
    lines = ["import runpy, sys", f"folder = {str(Path(folder).resolve())!r}", "sys.path[:0] = [folder, folder + '/gguf-py']"]
    lines += ["from conversion.base import TextModel", "TextModel.get_vocab_base_pre = lambda self, tokenizer: 'gpt-2'"]
    lines += ["runpy.run_path(folder + '/convert_hf_to_gguf.py', run_name='__main__')"]
    (shim / "convert_hf_to_gguf.py").write_text("\n".join(lines) + "\n", "utf-8")
    return str(shim)


def start(out):
    command = [sys.executable, str(job / "train.py"), "--model", args.model, "--out", str(out)]
    if args.llama_cpp:
        command += ["--llama-cpp", converter(args.llama_cpp)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    log = open(job / "log.txt", "a+", encoding="utf-8")
    return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


def run(out):
    code = start(out).wait(timeout=300)
    if code:
        print((job / "log.txt").read_text("utf-8")[-3000:])
    return code


def events(out, kind):
    path = out / "events.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return [event for event in found if event["type"] == kind]


def stop_behind(out, checkpoints, how):
    process = start(out)
    limit = time.time() + 200
    while process.poll() is None and time.time() < limit and len(events(out, "checkpoint")) < checkpoints:
        time.sleep(0.02)
    process.send_signal(how)
    return process.wait(timeout=100)


out = job / "out"
if args.kill:
    verdict.check(stop_behind(out, 1, signal.SIGKILL) == -signal.SIGKILL, "the first run was to be killed")
    done = len(events(out, "step"))
    verdict.check(0 < done < steps, f"killed after {done} of {steps} steps")
    verdict.check(not (out / "result.json").exists(), "a killed run has a result")
    code = stop_behind(out, 2, signal.SIGTERM)
    verdict.check(code == 143, f"asked to stop, it ends with {code}")
    stopped = json.loads((out / "result.json").read_text("utf-8")) if (out / "result.json").exists() else {}
    verdict.check(stopped.get("status") == "interrupted", f"asked to stop, it says {stopped.get('status')}")

if verdict.check(run(out) == 0, "train.py did not end well"):
    result = json.loads((out / "result.json").read_text("utf-8"))
    verdict.check(result["status"] == "done" and result["steps"] == steps, f"{result['status']} after {result['steps']}")
    losses = [point["loss"] for point in result["losses"]]
    verdict.check([point["step"] for point in result["losses"]] == list(range(1, steps + 1)), f"losses {result['losses']}")
    verdict.check(all(isinstance(value, float) for value in losses), "a loss is no number")
    if method != "grpo":
        verdict.check(result["tokensMatch"] is True, "TRL's tokens are not the page's")
        first, last = sum(losses[:3]), sum(losses[-3:])
        verdict.check(last < first, f"it does not learn: {losses}")
        if recipe["start"] == "adapter":
            # Where it starts is its reference: every margin is 0.
            verdict.check(abs(losses[0] - math.log(2)) < 1e-5, f"the first loss is {losses[0]}, not ln 2")
            untouched = load_file(job / "adapter_model.safetensors")
            moved = load_file(out / "adapter" / "adapter_model.safetensors")
            far = max(float((moved[key] - untouched[key]).abs().max()) for key in untouched)
            verdict.check(set(moved) == set(untouched) and 0 < far < 0.5, f"it went {far} from the adapter that it starts from")
    else:
        logged = events(out, "step")
        names = {key for event in logged for key in event if re.fullmatch(r"rewards/\w+/mean", key)}
        verdict.check(len(names) == len(recipe["grpo"]["rewards"]), f"rewards {names}")
        spread = [event["reward_std"] for event in logged if "reward_std" in event]
        verdict.check(max(spread, default=0) > 0, f"rewards never differ: {spread}")
    if args.kill:
        verdict.check(result["resumed"] == 2, f"went on {result['resumed']} times")
        starts = [event["step"] for event in events(out, "start")]
        verdict.check(starts[0] == 0 < starts[1] < starts[2], f"started from {starts}")
        whole = job / "whole"
        run(whole)
        ours, theirs = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (out, whole))
        worst = max(float((ours[key] - theirs[key]).abs().max()) for key in theirs)
        verdict.check(set(ours) == set(theirs) and worst < 1e-6, f"resumed adapter differs by {worst} from one never stopped")
    if recipe["trains"] == "full":
        before, after = (load_file(folder / "model.safetensors") for folder in (Path(args.model), out / "model"))
        verdict.check(set(before) == set(after), f"names differ: {sorted(set(before) ^ set(after))}")
        for name in sorted(set(before) & set(after)):
            kept = any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe["full"]["freeze"])
            same = bool((before[name].float() == after[name].float()).all())
            verdict.check(same == kept, f"{name} is {'frozen and has changed' if kept else 'as it was'}")
    else:
        config = json.loads((out / "adapter" / "adapter_config.json").read_text("utf-8"))
        goes_on = recipe["start"] == "adapter"
        rank = json.loads((job / "adapter_config.json").read_text("utf-8"))["r"] if goes_on else recipe["lora"]["rank"]
        verdict.check(config["r"] == rank, f"rank {config['r']}")
    for file in result["files"]:
        path = out / file["path"]
        right = path.stat().st_size == file["bytes"] and hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
        verdict.check(right, f"{file['path']} is not what the result says")
    evaluation = result["evaluation"]
    held = (job / "held-out.jsonl").exists()
    verdict.check((evaluation is not None) == held, f"evaluation {evaluation}, held out {held}")
    if evaluation:
        verdict.check(evaluation["n"] == len(evaluation["cases"]) > 0, "cases and their count")
        passed = sum(case["tunedPassed"] for case in evaluation["cases"])
        verdict.check(passed == evaluation["tuned"]["passed"] and evaluation["sentence"], "the tuned arm's count")
    if args.llama_cpp:
        made = {one["quant"]: one["selfTest"] for one in result["gguf"]}
        verdict.check("Q8_0" in made and made["Q8_0"]["ok"], f"GGUF {result['gguf']} {result['notes']}")
    if args.tokens:
        # The page's ids of the very rows, and TRL's own preparation of them.
        ours = [line for line in common.read_jsonl(args.tokens) if "ids" in line]
        rows = common.read_jsonl(job / "train.jsonl")
        data = recipe["data"]
        theirs = common.prepare_rows(common.load_tokenizer(args.model), rows, data["maxLength"], data["loss"])
        verdict.check(len(ours) == len(theirs) == len(rows), f"rows: ours {len(ours)}, TRL's {len(theirs)}, file {len(rows)}")
        for mine, yours in zip(ours, theirs):
            same = mine["ids"] == yours["ids"] and mine["labels"] == yours["labels"]
            verdict.check(same, f"row {yours['row']}: ids or labels differ")
shutil.rmtree(job / "whole", ignore_errors=True)
sys.exit(verdict.finish())
