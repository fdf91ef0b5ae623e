/**
 * The judges: PyTorch, transformers, PEFT and TRL say whether the command line's numbers are right. Slow, and needs
 * Python with e2e/oracle/requirements.txt, so `.ci/run` runs it and `npm test` does not.
 *
 *   node src/tooling/oracle.mjs [--python .venv/bin/python] [NAME …]     only checks whose name contains NAME
 *
 * A check prepares files with `burnish` and ends with one command whose last line is `N passed, N failed`. To add one,
 * add an entry to CHECKS.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBrowser } from "./browser.mjs";
import { buildCli } from "./build-cli.mjs";
import { ensureInstalled, PlainError, ROOT, runMain } from "./install.mjs";
import { adapterChecks, lossChecks } from "./judges/adapters.mjs";
import { sum } from "./judges/common.mjs";
import { dataCheck } from "./judges/data.mjs";
import { eightBitMoments } from "./judges/eight-bit.mjs";
import { emberFromScratch, fullByMuon, fullTraining } from "./judges/full-training.mjs";
import { humanEvalByModel, sandboxInBrowser, sandboxInNode } from "./judges/humaneval.mjs";
import { exportedFamilies, exportsInLlamaCpp, jobsConvert, quantisedAsLlamaCpp } from "./judges/llama-cpp.mjs";
import { outboundChecks } from "./judges/outbound.mjs";
import { providerChecks } from "./judges/providers.mjs";
import { realSets } from "./judges/real-sets.mjs";
import { smollm2Answers, smollm2Training } from "./judges/smollm2.mjs";
import { toolsFor } from "./judges/tools.mjs";

const CHECKS = [
  { name: "the judges themselves", run: ({ judge }) => judge("selftest.py") },
  ...adapterChecks,
  ...eightBitMoments,
  fullTraining,
  fullByMuon,
  emberFromScratch,
  dataCheck,
  realSets,
  {
    name: "gates: 50 sets of each planted fault",
    run: ({ vitest }) => vitest("src/data/gates/planted.test.ts", { BURNISH_SETS: "50", BURNISH_PRINT: "1" }),
  },
  ...lossChecks,
  ...outboundChecks,
  {
    name: "statistics goldens are scipy's, statsmodels', rouge-score's and sacrebleu's",
    run: ({ judge }) => judge("make_statistics_goldens.py", "--check"),
  },
  {
    name: "suites and generated skills are upskill's",
    run: async ({ path, python, run, vitest, judge }) => {
      const script = join("e2e", "oracle", "check_upskill.py");
      await run(python, [script, "--fetch", path(".")]);
      await run(python, [script, "--make", path(".")]);
      const read = await vitest("src/eval/suite/upskill.gpu.test.ts", { BURNISH_UPSKILL: path(".") });
      const skills = await vitest("src/skill/upskill.gpu.test.ts", { BURNISH_UPSKILL: path(".") });
      return sum(read, skills, await judge("check_upskill.py", "--compare", path(".")));
    },
  },
  {
    name: "skills are right and wrong as the specification's own validator says",
    run: async ({ path, python, run, vitest, judge }) => {
      await run(python, [join("e2e", "oracle", "check_skills.py"), "--make", path(".")]);
      const read = await vitest("src/skill/judge.gpu.test.ts", { BURNISH_SKILLS: path(".") });
      return sum(read, await judge("check_skills.py", "--compare", path(".")));
    },
  },
  { name: "grpo goldens are TRL's", run: ({ judge }) => judge("make_grpo_goldens.py", "--check") },
  smollm2Answers,
  smollm2Training,
  exportedFamilies,
  quantisedAsLlamaCpp,
  exportsInLlamaCpp,
  jobsConvert,
  sandboxInNode,
  ...providerChecks,
  sandboxInBrowser,
  humanEvalByModel,
];

async function runCheck(check, python) {
  const folder = mkdtempSync(join(tmpdir(), "burnish-oracle-"));
  try {
    return await check.run(toolsFor(python, folder));
  } catch (error) {
    console.error(error.message);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  const options = { python: { type: "string", default: join(ROOT, ".venv", "bin", "python") } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const chosen = CHECKS.filter(
    ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  if (chosen.length === 0)
    throw new PlainError(`No check has such a name. Checks: ${CHECKS.map(({ name }) => name).join(", ")}.`);
  if (!existsSync(values.python))
    throw new PlainError(`There is no ${values.python}; e2e/oracle/README.md says how to make it.`);
  await ensureInstalled();
  await ensureBrowser();
  await buildCli();
  const results = [];
  for (const check of chosen) {
    console.log(`\n── oracle: ${check.name} ──`);
    const start = Date.now();
    const counts = await runCheck(check, values.python);
    results.push({ name: check.name, ...counts, seconds: (Date.now() - start) / 1000 });
  }
  console.log("");
  for (const { name, passed, failed, seconds } of results)
    console.log(
      `${name.padEnd(52)} ${seconds.toFixed(1).padStart(6)} s   ${passed} passed${failed ? `, ${failed} FAILED` : ""}`,
    );
  const { passed, failed } = sum(...results);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await runMain(main);
