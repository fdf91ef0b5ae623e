/** Whole data sets through `burnish check`: every row read, HumanEval known for what it is. */
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../install.mjs";

/** Findings, and what was said to people. */
function check(data, columns, recipe) {
  const args = ["check", "--data", data, "--columns", columns, "--recipe", recipe];
  const start = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "src/cli/bin.mjs"), ...args], { cwd: ROOT });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        said += chunk;
      });
    child.on("error", reject);
    child.on("close", () => resolve({ said, seconds: (Date.now() - start) / 1000 }));
  });
}

export const realSets = {
  name: "whole data sets are read",
  run: async ({ run, python, path, file }) => {
    const folder = path("sets");
    await run(python, [join("e2e", "oracle", "make_real_sets.py"), folder]);
    const sets = [
      ["HumanEval.jsonl", 164, "prompt=prompt,completion=canonical_solution", /red +contamination/],
      ["gsm8k.jsonl", 7473, "prompt=question,completion=answer"],
      ["gsm8k.parquet", 7473, "prompt=question,completion=answer"],
    ];
    const recipe = file("recipe.json", JSON.stringify({ data: { holdout: 0 } }));
    let failed = 0;
    for (const [name, rows, columns, expected] of sets) {
      const { said, seconds } = await check(join(folder, name), columns, recipe);
      const read = Number(/(\d+) rows checked/.exec(said)?.[1] ?? 0);
      const passed = read === rows && (!expected || expected.test(said));
      const size = (statSync(join(folder, name)).size / 1e6).toFixed(1);
      console.log(
        `${passed ? "ok    " : "WRONG "} ${name}: ${read} of ${rows} rows, ${size} MB, ${seconds.toFixed(1)} s`,
      );
      if (!passed) {
        console.log(said.slice(-2000));
        failed++;
      }
    }
    return { passed: sets.length - failed, failed };
  },
};
