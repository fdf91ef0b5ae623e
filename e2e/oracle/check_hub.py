"""The real huggingface_hub client against the loopback Hub: what it uploads must arrive, what we pushed must come back.

    check_hub.py --endpoint URL --token TOKEN --ours OWNER/NAME --folder DIR

`ours` was pushed by Burnish from DIR. Ends with "N passed, N failed".
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

arguments = argparse.ArgumentParser()
for name in ("endpoint", "token", "ours", "folder"):
    arguments.add_argument(f"--{name}", required=True)
given = arguments.parse_args()
os.environ.update(HF_ENDPOINT=given.endpoint, HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()

from huggingface_hub import HfApi, ModelCard, snapshot_download  # noqa: E402
from verdict import Verdict  # noqa: E402

verdict = Verdict(told=True)
check = lambda what, holds: verdict.check(holds, what)


def content(folder: str | Path) -> dict[str, bytes]:
    root = Path(folder)
    files = (path for path in root.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


api = HfApi(endpoint=given.endpoint, token=given.token)
account = api.whoami()["name"]
check("the server knows the token", account == given.ours.split("/")[0])
expected = content(given.folder)

theirs = f"{account}/by-python"
api.create_repo(theirs, private=True)
api.upload_folder(repo_id=theirs, folder_path=given.folder, commit_message="by huggingface_hub")
for repo, by in ((theirs, "huggingface_hub"), (given.ours, "Burnish")):
    local = snapshot_download(repo, token=given.token, local_dir=tempfile.mkdtemp(), endpoint=given.endpoint)
    found = content(local)
    found.pop(".gitattributes", None)
    check(f"what {by} pushed comes back as it was: {len(found)} files", found == expected)

card = ModelCard.load(Path(given.folder) / "README.md")
check("the card's metadata names its base model", bool(card.data.base_model))
sys.exit(verdict.finish())
