"""A job's folder, elsewhere: what uv makes of train.py's header, the Slurm file by bash and sbatch's own words, the notebook.

    check_places.py --job DIR --job DIR …

uv resolves the packages of the header together, from the index that pip uses here; nothing is installed. Ends with "N passed, N failed".
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from verdict import Verdict

SBATCH = {"job-name", "nodes", "gpus-per-node", "time", "signal", "requeue", "output"}
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--job", action="append", required=True)
args = parser.parse_args()
verdict = Verdict()
check = verdict.check

for job in map(Path, args.job):
    script = (job / "train.py").read_text("utf-8")
    header = "\n".join(line[2:] for line in re.search(r"^# /// script\n(.*?)^# ///$", script, re.S | re.M)[1].splitlines())
    needs = tomllib.loads(header)["dependencies"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(job / "train.py", folder)
        uv = str(Path(sys.executable).parent / "uv")
        quiet = {**os.environ, "UV_CACHE_DIR": f"{folder}/cache", "UV_NO_PROGRESS": "1"}
        done = subprocess.run([uv, "lock", "--script", f"{folder}/train.py"], env=quiet, capture_output=True, text=True)
        if check(done.returncode == 0, f"uv cannot resolve the header: {done.stderr[-600:]}"):
            locked = tomllib.loads(Path(folder, "train.py.lock").read_text("utf-8"))["package"]
            found = {package["name"]: package["version"] for package in locked}
            for need in needs:
                name, _, pin = need.partition("==")
                name = re.split(r"[<>=]", name)[0]
                right = name in found and (not pin or found[name] == pin)
                check(right, f"{need}: uv takes {found.get(name)}")
    shell = subprocess.run(["bash", "-n", str(job / "train.slurm")], capture_output=True, text=True)
    check(shell.returncode == 0, f"train.slurm: {shell.stderr}")
    told = re.findall(r"^#SBATCH --([\w-]+)", (job / "train.slurm").read_text("utf-8"), re.M)
    check(set(told) <= SBATCH and "time" in told, f"sbatch does not know {set(told) - SBATCH}")
    cells = json.loads((job / "train.ipynb").read_text("utf-8"))["cells"]
    wrote = [cell for cell in cells if cell["source"][:1] == ["%%writefile train.py\n"]]
    check(len(wrote) == 1 and "".join(wrote[0]["source"][1:]) == script, "the notebook holds another script")
    asked = "".join("".join(cell["source"]) for cell in cells if cell["source"][0].startswith("%pip"))
    check(all(f'"{need}"' in asked for need in needs), "the notebook installs other packages")
sys.exit(verdict.finish())
