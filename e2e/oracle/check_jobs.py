"""Is the loopback Hub a Jobs server? The real huggingface_hub client drives it through everything that it can ask.

    python e2e/oracle/check_jobs.py --endpoint http://127.0.0.1:PORT --token TOKEN

The server's runner says three lines and prints the script that the job was sent; `--denied` is a token without the scope.
"""
import argparse
import os
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--endpoint", required=True)
parser.add_argument("--token", required=True)
parser.add_argument("--denied", required=True)
args = parser.parse_args()
os.environ["HF_ENDPOINT"] = args.endpoint
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_EXPERIMENTAL_WARNING"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()
# Listing asks for the name of the environment's token, whatever the client was given.
os.environ["HF_TOKEN"] = args.token

from huggingface_hub import HfApi, Volume  # noqa: E402
from huggingface_hub.errors import HfHubHTTPError  # noqa: E402
from verdict import Verdict  # noqa: E402

api = HfApi(endpoint=args.endpoint, token=args.token)
verdict = Verdict(told=True)
check = lambda what, holds: verdict.check(holds, what)


def refused(what, status, call):
    try:
        call()
        check(f"{what} is refused", False)
    except HfHubHTTPError as error:
        check(f"{what} is refused with {status}", error.response.status_code == status)


hardware = api.list_jobs_hardware()
check("hardware is listed with prices", any(one.name == "l4x1" and one.unit_cost_usd > 0 for one in hardware))
check("GPUs have a model and memory", any(one.accelerator and one.accelerator.vram == "24 GB" for one in hardware))

with tempfile.TemporaryDirectory() as folder:
    script = os.path.join(folder, "train.py")
    with open(script, "w") as file:
        file.write("# /// script\n# dependencies = []\n# ///\n" + "".join("print('a line of it')\n" for _ in range(316)))
    job = api.run_uv_job(
        script,
        script_args=["--steps", "3"],
        flavor="t4-small",
        timeout="90m",
        env={"A": "1"},
        secrets={"S": "hidden"},
        labels={"kind": "test"},
        volumes=[Volume(type="model", source="org/base", mount_path="/model")],
    )
check("a uv job is taken, scheduling", job.status.stage == "SCHEDULING" and job.flavor == "t4-small")
check("its script lies in a bucket at /data", job.command[:2] == ["uv", "run"] and job.command[2] == "/data/train.py")
check("its volumes come back", {v.mount_path for v in job.volumes} == {"/data", "/model"})
check("a secret comes back by its name only", "hidden" not in str(job))
check("its address", job.url == f"{args.endpoint}/jobs/me/{job.id}")

lines = list(api.fetch_job_logs(job_id=job.id, follow=True))
check("its log, once each, in order, cut or not", lines == ["one", "two", "script of 6991 bytes"])
done = api.wait_for_job(job.id, timeout=10, poll_interval=0.1)
check("it is inspected to its end", done.status.stage == "COMPLETED" and done.durations.running_secs is not None)
check("a tail of its log", list(api.fetch_job_logs(job_id=job.id, tail=1)) == ["script of 6991 bytes"])

waiting = api.run_job(image="python:3.12", command=["sleep", "forever"], flavor="cpu-basic", name="waits")
metrics = next(iter(api.fetch_job_metrics(job_id=waiting.id, follow=True)))
check("metrics are streamed", "gpus" in metrics and metrics["memory_total_bytes"] > 0)
listed = list(api.list_jobs())
check("jobs are listed, page by page, newest first", [one.id for one in listed] == [waiting.id, job.id])
check("by stage", [one.id for one in api.list_jobs(status="completed")] == [job.id])
check("by label", [one.id for one in api.list_jobs(labels={"kind": "test"})] == [job.id])
check("labels are replaced", api.update_job_labels(job_id=job.id, labels={"a": "b"}).labels == {"a": "b"})
api.cancel_job(job_id=waiting.id)
check("a job is cancelled", api.inspect_job(job_id=waiting.id).status.stage == "CANCELED")
check("metrics of what is over are none", list(api.fetch_job_metrics(job_id=waiting.id, follow=True)) == [])
again = api.rerun_job(job_id=waiting.id)
check("a job is duplicated", again.id != waiting.id and again.initiator.type == "duplicated-job")
api.cancel_job(job_id=again.id)

refused("a flavor that is none", 400, lambda: api.run_job(image="x", command=["a"], flavor="tpu-v9"))
refused("a job that is none", 404, lambda: api.inspect_job(job_id="0" * 24))
refused("a token without the scope", 403, lambda: api.run_job(image="x", command=["a"], token=args.denied, namespace="me"))
refused("a token that is none", 401, lambda: list(api.list_jobs(token="hf_nobody", namespace="me")))

planned = api.create_scheduled_job(image="python:3.12", command=["sleep", "forever"], schedule="@weekly", flavor="l4x1")
check("a job is put on a schedule", planned.schedule == "@weekly" and planned.job_spec.flavor == "l4x1")
check("it is listed", [one.id for one in api.list_scheduled_jobs()] == [planned.id])
api.suspend_scheduled_job(scheduled_job_id=planned.id)
check("it is paused", api.inspect_scheduled_job(scheduled_job_id=planned.id).suspend is True)
api.resume_scheduled_job(scheduled_job_id=planned.id)
check("it goes on", api.inspect_scheduled_job(scheduled_job_id=planned.id).status.next_job_run_at is not None)
check("it is moved", api.update_scheduled_job_schedule(scheduled_job_id=planned.id, schedule="@daily").schedule == "@daily")
triggered = api.trigger_scheduled_job(scheduled_job_id=planned.id)
check("it is run at once", triggered.initiator.type == "scheduled-job")
refused("a second one at the same time", 409, lambda: api.trigger_scheduled_job(scheduled_job_id=planned.id))
refused("a schedule that is none", 400, lambda: api.create_scheduled_job(image="x", command=["a"], schedule="soon"))
api.delete_scheduled_job(scheduled_job_id=planned.id)
check("it is deleted", api.list_scheduled_jobs() == [])

sys.exit(verdict.finish())
