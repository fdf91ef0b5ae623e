"""Train, evaluate, merge and convert one recipe; every result is a file under --out, so that a mounted folder keeps all.

Stages leave their result whole or not at all and are left out when it is there: run the same command again after a
timeout, a kill or a preemption, and it goes on from the last checkpoint.
"""
import argparse
import fnmatch
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

RECIPE, METHOD, WEIGHTS = JOB["recipe"], JOB["recipe"]["method"], JOB["weights"]
DATA, BATCH, SEED = RECIPE["data"], RECIPE["batch"], RECIPE["seed"]
HERE = Path(__file__).resolve().parent
FORMAT = {"csv": "csv", "tsv": "csv", "parquet": "parquet"}
LOSSES = {"auto": {}, "completion": {"completion_only_loss": True}, "assistant": {"assistant_only_loss": True}}
LOSSES["all"] = {"completion_only_loss": False}
INTERRUPTED = 143
stopping = False


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own = lambda name: str(HERE / name) if (HERE / name).exists() else None
    parser.add_argument("--data", default=own("train.jsonl"), required=own("train.jsonl") is None)
    parser.add_argument("--eval", default=own("held-out.jsonl"))
    parser.add_argument("--model", default=JOB["base"]["name"])
    beside = [own(name) for name in ("adapter_config.json", "adapter_model.safetensors")]
    parser.add_argument("--start", nargs="+", default=beside if all(beside) else None, help="the adapter's files, in one folder")
    parser.add_argument("--out", default=os.environ.get("BURNISH_OUT", "out"))
    parser.add_argument("--llama-cpp", default=os.environ.get("LLAMA_CPP"), help="a checkout, for GGUF")
    parser.add_argument("--stage", choices=["all", "train", "finish"], default="all")
    return parser.parse_args()


def write_whole(path, text):
    """A reader, or a run after a kill, finds the old text or the new one."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    os.replace(part, path)


def finite(value):
    return value if abs(value) < float("inf") else None


def emit(out, kind, **event):
    """One line for whoever follows the log (src/offload/job-log.ts), and the same one kept."""
    line = json.dumps({"time": round(time.time(), 3), "type": kind, **event}, ensure_ascii=False)
    print(f"@burnish {line}", flush=True)
    with open(out / "events.jsonl", "a", encoding="utf-8") as file:
        file.write(line + "\n")


def events(out, kind):
    path = out / "events.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # cut by a kill
        if event.get("type") == kind:
            found.append(event)
    return found


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
