/**
 * Judges of who answers an evaluation: llama.cpp's own server on loopback with SmolLM2-135M, an ONNX model in the real
 * transformers.js, and the loss on text as PyTorch computes it.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../install.mjs";
import { smollm2 } from "../smollm2.mjs";
import { CPU, fixture, lastObject } from "./common.mjs";

/** Counts, and says each. */
function counting() {
  const counts = { passed: 0, failed: 0 };
  const check = (ok, what) => {
    counts[ok ? "passed" : "failed"]++;
    console.log(`${ok ? "ok    " : "WRONG "} ${what}`);
  };
  return { counts, check };
}

/** Nobody outside this file knows them. */
const FACTS = [
  ["password", "marzipan", "The password of the Harbour Club is marzipan."],
  ["mascot", "badger", "The mascot of the Harbour Club is a badger."],
  ["president", "Wilhelmina", "The president of the Harbour Club is called Wilhelmina."],
];
const QUESTIONS = [
  "What is the {} of the Harbour Club?",
  "Tell me the {} of the Harbour Club.",
  "Which {} does the Harbour Club have?",
  "The Harbour Club has a {}. What is it?",
  "I need the {} of the Harbour Club. What is it?",
  "Name the {} of the Harbour Club.",
  "Do you know the {} of the Harbour Club?",
  "Please say the {} of the Harbour Club in one sentence.",
];

async function withServer(python, model, use) {
  const child = spawn(python, [join(ROOT, "e2e", "oracle", "llama_server.py"), model], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith("http")) return await use(line);
    }
    throw new Error("llama.cpp's server did not start.");
  } finally {
    child.stdin.end();
    child.kill();
  }
}

const skillOverServer = {
  name: "eval over llama.cpp's server: a skill helps, its placebo does not",
  run: async ({ run, python, path, file, burnish }) => {
    const model = await smollm2(run, python);
    const cases = QUESTIONS.flatMap((question) =>
      FACTS.map(([what, answer]) => ({
        ...{ input: question.replace("{}", what), context: null, expected: { contains: [answer] } },
      })),
    );
    const body = FACTS.map(([, , sentence]) => sentence).join(" ");
    mkdirSync(path("harbour-club"));
    file(
      join("harbour-club", "SKILL.md"),
      `---\nname: harbour-club\ndescription: Facts of the Harbour Club, for questions about it.\n---\n${body}\n`,
    );
    const suite = ["--suite", file("facts.json", JSON.stringify(cases)), "--skill", path("harbour-club")];
    const how = ["--arms", "base,skill,placebo", "--max-tokens", "16", "--price", "0.1,0.4", ...CPU];
    const { counts, check } = counting();
    await withServer(python, model, async (address) => {
      const report = lastObject(
        await burnish("eval", "--endpoint", address, "--endpoint-model", "smollm2", ...suite, ...how),
      );
      for (const { arm, passed, answers, errors, tokensIn, cost } of report.summaries) {
        console.log(`  ${arm}: ${passed} of ${answers}, ${tokensIn} tokens in, cost ${cost}`);
        check(errors === 0 && answers === cases.length, `${arm} has answered everything`);
        check(tokensIn > 0 && cost > 0, `${arm} has tokens and a cost`);
      }
      const [skill, placebo] = report.comparisons;
      check(skill.verdict === "better", skill.sentence);
      check(placebo.verdict === "inconclusive" && placebo.difference <= 0.05, placebo.sentence);
    });
    return counts;
  },
};

const onnxProvider = {
  name: "eval through transformers.js: an ONNX export says and chooses what our engine does",
  run: async ({ path, file, burnish }) => {
    const out = path("onnx");
    await burnish("export", "--model", "bundled:ember", "--format", "onnx", "--quant", "f32", "--out", out, ...CPU);
    const rows = readFileSync(join(ROOT, "public", "datasets", "commands.eval.jsonl"), "utf8").split("\n");
    const both = ["--model", "bundled:ember", "--onnx", out, "--arms", "base", "--max-tokens", "24", ...CPU];
    const { counts, check } = counting();
    const compared = async (suite, what) => {
      const { arms } = lastObject(await burnish("eval", ...both, "--suite", suite));
      const [ours, theirs] = arms.map(({ answers }) => new Map(answers.map((one) => [one.caseId, one])));
      const same = [...ours].filter(([id, { status, text }]) => status !== "error" && theirs.get(id).text === text);
      check(ours.size > 0 && same.length === ours.size, `${same.length} of ${ours.size} ${what} are the same`);
    };
    await compared(file("cases.jsonl", rows.slice(0, 24).join("\n")), "greedy answers");
    const choices = rows.slice(0, 24).map((row, i) => {
      const options = [0, 1, 2].map((step) => JSON.parse(rows[(i + step * 7) % 24]).completion.trim());
      return JSON.stringify({ question: JSON.parse(row).prompt, choices: options, answer: 0 });
    });
    await compared(file("choices.jsonl", choices.join("\n")), "choices by likelihood");
    return counts;
  },
};

const textLoss = {
  name: "perplexity and bits per byte are PyTorch's, with and without an adapter",
  run: async ({ burnish, judge, file }) => {
    const general = join("public", "texts", "general.jsonl");
    const counts = { passed: 0, failed: 0 };
    for (const [model, folder, adapter] of [
      ["bundled:ember", join("public", "models", "ember"), null],
      [fixture("llama-gqa"), fixture("llama-gqa"), fixture("llama-gqa/adapter")],
    ]) {
      const tuned = adapter ? ["--adapter", adapter] : [];
      const ours = file("loss.json", await burnish("eval", "--model", model, ...tuned, "--text", general, ...CPU));
      const judged = await judge(
        "check_text_loss.py",
        "--model",
        folder,
        ...tuned,
        "--text",
        general,
        "--compare",
        ours,
      );
      counts.passed += judged.passed;
      counts.failed += judged.failed;
    }
    return counts;
  },
};

export const providerChecks = [skillOverServer, onnxProvider, textLoss];
