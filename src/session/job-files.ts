/** The files that take a run elsewhere, and what a job is asked with: script, rows, recipe, and the places that start them. */
import { trainingScript } from "@/export/script";
import { notebook, skyFile, slurmFile } from "@/export/script-places";
import { type PlanRow, scriptOptions } from "@/offload/plan";
import type { JobAsk } from "@/offload/submission";
import { requireMatrices } from "@/train/optimizers";
import type { JobFacts } from "@/worker/api/jobs";

type Written = Pick<JobFacts, "recipe" | "base" | "files">;

const nameOf = ({ recipe, base }: Written) => `${base.name.split("/").at(-1)}-${recipe.method}`;

/** Name to text. Without a row: for one GPU of any kind. Throws AppError "usage" as a run here would. */
export function jobFiles(facts: Written, row: PlanRow | null, weights?: PlanRow["weights"]): Record<string, string> {
  const { recipe, base, files } = facts;
  requireMatrices(recipe);
  const name = nameOf(facts);
  const plain = { weights: weights ?? "lora", merge: true, gguf: ["Q4_K_M", "Q8_0"] as const };
  const options = row ? scriptOptions(recipe, row) : plain;
  const script = trainingScript(recipe, base, { ...options, name, fingerprint: files.fingerprint });
  const place = {
    ...{
      name,
      gpus: row?.gpus ?? 1,
      minutes: Math.ceil((row?.timeoutSeconds ?? 7200) / 60),
      hasHeldOut: files.held !== "",
    },
    accelerator: row ? skyName(row) : null,
  };
  return {
    "train.py": script,
    "train.jsonl": files.train,
    ...(files.held === "" ? {} : { "held-out.jsonl": files.held }),
    "recipe.json": `${JSON.stringify(recipe, null, 2)}\n`,
    "train.ipynb": notebook(script),
    "train.slurm": slurmFile(place),
    "train.sky.yaml": skyFile(place),
  };
}

/** SkyPilot calls an A100 of 80 GB so. */
const skyName = ({ gpu, memory }: PlanRow) =>
  gpu === "A100" && memory.limit > 41e9 ? "A100-80GB" : gpu.replaceAll(" ", "-");

/** A planned row as a job, with the timeout that the plan gives it. */
export function askOfRow(facts: Written, row: PlanRow): JobAsk {
  const { recipe, base, files } = facts;
  const lines = (text: string) => text.split("\n").filter((line) => line !== "").length;
  return {
    ...{ name: nameOf(facts), recipe, flavor: row.flavor, timeoutSeconds: row.timeoutSeconds },
    files: Object.entries(jobFiles(facts, row)).map(([name, text]) => ({ name, blob: new Blob([text]) })),
    model: { name: base.name, revision: base.revision ?? null },
    data: { name: recipe.data.train, trainRows: lines(files.train), evalRows: lines(files.held) },
  };
}
