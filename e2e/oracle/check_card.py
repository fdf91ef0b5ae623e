"""An exported folder as a stranger takes it: its card's metadata by huggingface_hub.

    check_card.py --folder DIR [--library NAME]

Ends with "N passed, N failed".
"""
import argparse
import sys
from pathlib import Path

import common
from huggingface_hub import ModelCard

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--folder", required=True)
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

sys.exit(verdict.finish())
