/** train.py elsewhere than under `uv run`: a notebook, a Slurm batch file, a SkyPilot task. Each runs the same file. */

export interface Place {
  /** GPUs and how each place calls them: "A100-80GB". */
  readonly gpus: number;
  readonly accelerator: string | null;
  readonly minutes: number;
  readonly name: string;
  /** Files beside the script. */
  readonly hasHeldOut: boolean;
}

export function notebook(script: string): string {
  const cell = (type: "code" | "markdown", source: string) => ({
    ...{ cell_type: type, metadata: {}, id: `cell-${type}-${source.length}` },
    ...(type === "code" ? { execution_count: null, outputs: [] } : {}),
    source: lines(source),
  });
  const needs = [...script.matchAll(/^# {5}"([^"]+)",$/gm)].map(([, need]) => need);
  return `${JSON.stringify(
    {
      cells: [
        cell(
          "markdown",
          "Put `train.jsonl` (and `held-out.jsonl`) beside this notebook, then run every cell in order.",
        ),
        cell("code", `%pip install -q ${needs.map((need) => `"${need}"`).join(" ")}`),
        cell("code", `%%writefile train.py\n${script}`),
        cell("code", "!python train.py --out out"),
        cell("code", 'import json, pathlib\njson.loads(pathlib.Path("out/result.json").read_text())["evaluation"]'),
      ],
      metadata: { kernelspec: { name: "python3", display_name: "Python 3" }, language_info: { name: "python" } },
      ...{ nbformat: 4, nbformat_minor: 5 },
    },
    null,
    1,
  )}\n`;
}

/** Lines that keep their ends, as notebooks store them. */
const lines = (text: string) => text.split(/(?<=\n)/);

/** The end of its time is told five minutes before, so that a checkpoint is written; then it queues itself again. */
export function slurmFile({ gpus, minutes, name }: Place): string {
  return `#!/bin/bash
#SBATCH --job-name=${word(name)}
#SBATCH --nodes=1
#SBATCH --gpus-per-node=${gpus}
#SBATCH --time=${minutes}
#SBATCH --signal=B:TERM@300
#SBATCH --requeue
#SBATCH --output=burnish-%j.log
# sbatch train.slurm    in the folder of train.py and its data
set -u
uv run train.py --out "\${BURNISH_OUT:-$SLURM_SUBMIT_DIR/out}" &
child=$!
trap 'kill -TERM "$child"' TERM
wait "$child"
code=$?
# The wait ends with the signal, the program a step and a checkpoint later.
if kill -0 "$child" 2>/dev/null; then
  wait "$child"
  code=$?
fi
[ "$code" -eq 143 ] && scontrol requeue "$SLURM_JOB_ID"
exit "$code"
`;
}

/** On a spot machine: what is lost is what came after the last checkpoint in the mounted bucket. */
export function skyFile({ gpus, accelerator, name, hasHeldOut }: Place): string {
  return `# sky jobs launch train.sky.yaml
name: ${word(name)}
resources:
  accelerators: "${accelerator ?? "A100-80GB"}:${Math.max(1, gpus)}"
  use_spot: true
workdir: .   # train.py, train.jsonl${hasHeldOut ? ", held-out.jsonl" : ""}
file_mounts:
  /out:
    name: ${word(name)}-out
    mode: MOUNT
setup: |
  command -v uv || curl -LsSf https://astral.sh/uv/install.sh | sh
run: |
  export PATH="$HOME/.local/bin:$PATH"
  uv run train.py --out /out
`;
}

/** A name that shells, clusters and buckets take. */
const word = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50) || "burnish";
