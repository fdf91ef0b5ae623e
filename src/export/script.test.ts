import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ScriptOptions, trainingScript } from "@/export/script";
import { notebook, skyFile, slurmFile } from "@/export/script-places";
import { parseRecipe, type RecipeInput } from "@/train/recipe";

const script = (recipe: RecipeInput = {}, options: ScriptOptions = {}, name = "org/base") =>
  trainingScript(parseRecipe(recipe), { name, revision: "abc" }, options);

/** What Python reads between the three quotation marks: here only backslashes are escapes, each doubled. */
function jobOf(text: string): Record<string, unknown> {
  const [, inner = ""] = /JOB = json\.loads\("""([\s\S]*?)"""\)/.exec(text) ?? [];
  return JSON.parse(inner.replaceAll("\\\\", "\\"));
}

describe("train.py", () => {
  test("carries the recipe as it is", () => {
    const recipe = parseRecipe({
      method: "dpo",
      dpo: { lossType: "robust", labelSmoothing: 0.1 },
      data: { maxLength: 77 },
    });
    const job = jobOf(trainingScript(recipe, { name: "org/base" }));
    expect(job.recipe).toEqual(recipe);
    expect(job).toMatchObject({
      base: { name: "org/base", revision: null },
      weights: "lora",
      learningRate: 2e-4,
      perDevice: null,
    });
  });

  test("hostile names and patterns stay text", () => {
    const pattern = '"""\\"""\n\\d{2}\u2028\'\'\'';
    const name = 'a"""); import os #\\';
    const text = script({ method: "grpo", grpo: { rewards: [{ name: "regex", pattern }] } }, {}, name);
    const job = jobOf(text) as { base: { name: string }; recipe: { grpo: { rewards: { pattern: string }[] } } };
    expect(job.base.name).toBe(name);
    expect(job.recipe.grpo.rewards[0]?.pattern).toBe(pattern);
    expect(text.match(/"""/g)?.length).toBe(script().match(/"""/g)?.length);
  });

  test("names the packages that the judges test with", () => {
    const pinned = readFileSync("e2e/oracle/requirements.txt", "utf8");
    const [, header = ""] = /^# \/\/\/ script\n([\s\S]*?)^# \/\/\/$/m.exec(script()) ?? [];
    const needs = [...header.matchAll(/"([^"]+)"/g)].map(([, need = ""]) => need).filter((need) => need.includes("=="));
    expect(needs.length).toBeGreaterThan(6);
    expect(needs.filter((need) => !pinned.split("\n").includes(need))).toEqual([]);
    expect(header).not.toContain("bitsandbytes");
    expect(script({}, { weights: "qlora" })).toContain('"bitsandbytes');
    // llama-quantize may have to be built.
    expect(script({}, { gguf: ["Q8_0"] })).not.toContain('"cmake>=');
    expect(script({}, { gguf: ["Q4_K_M", "Q8_0"] })).toContain('"cmake>=');
    expect(script({ optimizer: { kind: "adamw8" } })).toContain('"bitsandbytes');
  });

  test("full weights learn at a tenth of the adapter's rate", () => {
    expect(jobOf(script({}, { weights: "full" })).learningRate).toBeCloseTo(2e-5, 12);
    expect(jobOf(script({ trains: "full" }))).toMatchObject({ weights: "full", learningRate: 2e-4 });
  });
});

describe("elsewhere", () => {
  const place = { name: "Qwen3 0.6B; rm -rf /", gpus: 2, accelerator: "L4", minutes: 45, hasHeldOut: true };

  test("a notebook holds the script whole", () => {
    const text = script({}, { weights: "qlora" });
    const { cells, nbformat } = JSON.parse(notebook(text)) as {
      cells: { cell_type: string; source: string[] }[];
      nbformat: number;
    };
    expect(nbformat).toBe(4);
    expect(cells.map(({ source }) => source.join(""))).toContain(`%%writefile train.py\n${text}`);
    expect(cells[1]?.source.join("")).toContain('"trl==');
  });

  test("Slurm ends it in time and queues it again; SkyPilot mounts where results go", () => {
    const slurm = slurmFile(place);
    expect(slurm).toContain("#SBATCH --time=45\n");
    expect(slurm).toContain("--gpus-per-node=2");
    expect(slurm).toContain("--job-name=qwen3-0-6b-rm-rf\n");
    const sky = skyFile(place);
    expect(sky).toContain('accelerators: "L4:2"');
    expect(sky).toContain("name: qwen3-0-6b-rm-rf-out\n");
  });
});
