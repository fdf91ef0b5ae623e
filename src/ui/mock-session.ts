/**
 * A session without an engine, for looking at every state of the page: `?mock` in development only, never in a build.
 * `?mock=none` has no device, `=big` a run that does not fit, `=worse` a run that hurts, `=fail` one that diverges,
 * `=faulty` a dataset with wrong rows, `=dpo` and `=grpo` runs by preference and by reward; `&pace=5` makes steps that many milliseconds long.
 */
import { AppError } from "@/errors";
import { parseRecipe, type Recipe } from "@/train/recipe";
import { benchMock } from "@/ui/mock-bench";
import { MOCK_PROBE, mockExercise, mockReport, mockRow } from "@/ui/mock-data";
import { mockFeedback, mockHeldOut } from "@/ui/mock-feedback";
import { mockJobs } from "@/ui/mock-jobs";
import { mockRuns } from "@/ui/mock-runs";
import { MOCK_SIZE, mockSuite } from "@/ui/mock-suite";
import type {
  ComparedCase,
  Comparison,
  DatasetInfo,
  ExportChoice,
  ExportOutline,
  RowPlace,
  RunEvent,
  TokenSpan,
} from "@/worker/api";
import type { PageSession } from "@/worker/client";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface MockRun {
  paused: boolean;
  stopped: boolean;
}

export function createMockSession(query: URLSearchParams): PageSession {
  const scenario = query.get("mock") ?? "";
  const pace = Number(query.get("pace") ?? "60");
  const run: MockRun = { paused: false, stopped: false };
  return {
    ...mockRuns(),
    ...mockJobs(pace),
    async device() {
      if (scenario === "none") throw noDevice();
      return {
        target: "webgpu",
        description: "SwiftShader (software)",
        software: true,
        notice: "WebGPU in software: everything works, about 30 times slower than on a graphics card.",
        memoryBudget: 2e9,
      };
    },
    async openModel(source, onProgress) {
      if (source.kind === "files" && !source.files.some((file) => file.name === "config.json")) throw noConfig();
      for (let done = 0; done <= 10; done++) {
        onProgress(done * 1_100_000, 11_000_000);
        await wait(pace);
      }
      return { ...EMBER, name: source.kind === "hub" ? source.reference : source.name };
    },
    cachedModels: async () => [
      { reference: "hf:HuggingFaceTB/SmolLM2-135M-Instruct", commit: "12fd25f7", bytes: 272e6, total: 272e6 },
      { reference: "hf:Qwen/Qwen3-0.6B", commit: "c1899de2", bytes: 412e6, total: 1.52e9 },
    ],
    async deleteCachedModel() {},
    async lookAtData() {
      const { columns, sample, faults } = datasetOf("data", true);
      return { columns, sample, faults, notes: [] };
    },
    async openDataset(source) {
      await wait(pace * 3);
      return datasetOf("name" in source ? source.name : "data", scenario === "faulty");
    },
    check: async () => mockReport(scenario === "faulty"),
    viewRow: async (place) =>
      mockRow(rowOf(place), previewOf(...(REQUESTS[rowOf(place) % REQUESTS.length] ?? (["", ""] as const)))),
    practice: async () => mockExercise(),
    probe: async () => MOCK_PROBE,
    plan: async () => planOf(scenario === "big"),
    train: (input, onEvent) => trainMock(parseRecipe(input), onEvent, run, { pace, scenario }),
    async pause() {
      run.paused = true;
    },
    async resume() {
      run.paused = false;
    },
    async stop() {
      run.stopped = true;
    },
    bench: (_, onReport) => {
      run.stopped = false;
      return benchMock(
        onReport,
        () => wait(pace * 10),
        () => run.stopped,
      );
    },
    async compare(onEvent) {
      for (const arm of ["base", "tuned"] as const) {
        for (let done = 0; done <= 120; done += 12) {
          onEvent({ arm, done, total: 120 });
          await wait(pace);
        }
      }
      return comparisonOf(scenario === "worse");
    },
    async generate(_prompt, { adapter }, onText) {
      const pieces = (adapter ? "set_alarm(time: 7 am, day: tomorrow)" : "the of and the light and the the").split(
        /(?<= )/,
      );
      for (let shown = 1; shown <= pieces.length; shown++) {
        onText(pieces.slice(0, shown).join(""));
        await wait(pace * 2);
      }
      return pieces.join("");
    },
    skillSize: async () => MOCK_SIZE,
    measureText: async () => Promise.reject(new AppError("usage", "The mock measures no text.")),
    evaluateSkill: async () => Promise.reject(new AppError("usage", "The mock has no skill report.")),
    generateSkill: async () => Promise.reject(new AppError("usage", "The mock has no teacher.")),
    evaluateSuite: (ask, onEvent) => mockSuite(ask, onEvent, () => wait(pace)),
    exportAdapter: async () => [
      { name: "adapter_model.safetensors", blob: new Blob([new Uint8Array(412_416)]) },
      { name: "adapter_config.json", blob: new Blob(['{"r": 8}']) },
      { name: "README.md", blob: new Blob(["# An adapter\n"]) },
    ],
    planExport: async (choice) => mockOutline(choice),
    exportModel: async (choice, onProgress) => {
      const { files, bytes } = mockOutline(choice);
      for (let tenth = 1; tenth <= 10; tenth++) {
        await wait(pace);
        onProgress((bytes * tenth) / 10, bytes);
      }
      return files.map(({ name }) => ({ name, blob: new Blob(["…"]) }));
    },
    async selfTest(_made, _files, _ask, onProgress) {
      for (let tenth = 1; tenth <= 10; tenth++) {
        await wait(pace);
        onProgress(tenth, 10);
      }
      const checks = [
        {
          what: "log-probabilities of the next token after 8 prompts differ by at most 0.031 (allowed 0.1)",
          passed: true,
        },
        { what: "greedy texts are the same for 8 of 8 prompts (needed 6)", passed: true },
        { what: "22 of 24 held-out cases pass, 22 in Burnish", passed: true },
      ];
      return { reader: "llama.cpp in WebAssembly", checks, passed: true };
    },
    companions: async () => [{ name: "README.md", blob: new Blob(["# A model\n"]) }],
    checkPush: async ({ repo }, files) => ({
      ...{ repo, account: "me", exists: false, replaces: [], forbids: null, notes: [] },
      bytes: files.reduce((sum, { blob }) => sum + blob.size, 0),
    }),
    push: async ({ repo }, _files, onProgress) => {
      for (let tenth = 1; tenth <= 10; tenth++) {
        await wait(pace);
        onProgress({ phase: "send", done: tenth, total: 10 });
      }
      return { url: `https://huggingface.co/${repo}`, commit: "0".repeat(40) };
    },
    async loadAdapter(files) {
      if (files.some((file) => file.name.endsWith(".safetensors"))) return { kind: "lora", rank: 8, alpha: 16 };
      throw new AppError("adapter/mismatch", "adapter_model.safetensors is missing.", { hint: "Pick both files." });
    },
  };
}

function mockOutline({ format, quant = "q8_0" }: ExportChoice): ExportOutline {
  const files = [{ name: `ember-${format === "gguf" ? quant.toUpperCase() : format}.gguf`, bytes: 1_402_368 }];
  return { format, quant: format === "gguf" ? quant : null, files, bytes: 1_402_368, notes: [] };
}

const noDevice = () =>
  new AppError("device/none", "This browser gives the page no graphics device and no WebAssembly threads.", {
    hint: "Open the page in a current Chrome, Edge, Firefox or Safari, or switch hardware acceleration on.",
  });
const noConfig = () =>
  new AppError("model/missing-file", "The folder has no config.json.", {
    hint: "Pick the folder that holds config.json, model.safetensors and tokenizer.json.",
  });

const EMBER = {
  name: "ember",
  architecture: "llama",
  parameters: 5_243_648,
  layers: 6,
  hidden: 256,
  heads: 8,
  kvHeads: 4,
  headDim: 32,
  vocab: 4096,
  contextLength: 512,
  tied: true,
  weightFormat: "f16",
  weightBytes: 10_487_296,
  chatTemplate: false,
};

const FINDINGS: DatasetInfo["findings"] = [
  {
    gate: "dispatch",
    severity: "red",
    count: 396,
    rows: [1, 2, 3],
    message:
      "TRL takes these rows as prompt-completion and stops: there is no completion. The rows have messages and prompt.",
    why: "TRL chooses what to read by the names of the columns, before it looks at what is in them. Without prompt the same rows are read as messages.",
    fix: { label: "Read messages only", data: { columns: { messages: "messages" } } },
  },
];

function datasetOf(name: string, faulty: boolean): DatasetInfo {
  const rows = faulty ? 396 : 400;
  return {
    name,
    type: "prompt-completion",
    trainRows: rows,
    evalRows: 120,
    totalRows: rows + 120,
    faultCount: faulty ? 4 : 0,
    findings: faulty ? FINDINGS : [],
    columns: ["prompt", "completion"],
    sample: REQUESTS.slice(0, 3).map(([prompt, completion]) => ({ prompt, completion })),
    faults: faulty
      ? [
          { line: 14, message: 'No field "completion".' },
          { line: 88, message: "Not JSON: unexpected end of the line." },
          { line: 89, message: 'Field "prompt" is empty.' },
          { line: 301, message: "Not JSON: a bare word at column 12." },
        ]
      : [],
    droppedRows: faulty ? 2 : 0,
    truncatedRows: faulty ? 7 : 0,
    trainTokens: 14_812,
    trainedTokens: 5_120,
    maxTokens: 61,
    preview: REQUESTS.slice(0, 4).map(([request, answer]) => previewOf(request, answer)),
    samplePrompts: REQUESTS.slice(0, 3).map(([request]) => `User: ${request}\nCall:`),
  };
}

const rowOf = (place: RowPlace) => (typeof place === "number" ? place : place.line - 1);

function previewOf(request: string, answer: string): TokenSpan[] {
  const span = (text: string, trained: boolean, special = false) => ({ text, trained, special });
  const prompt = `User: ${request}\nCall:`.split(/(?= )|(?<=\n)/).map((text) => span(text, false));
  const completion = ` ${answer}`.split(/(?<=[(:,])|(?=[):,(])/).map((text) => span(text, true));
  return [span("<s>", false, true), ...prompt, ...completion, span("</s>", true, true)];
}

const REQUESTS: readonly (readonly [string, string])[] = [
  ["Wake me at 7 am tomorrow", "set_alarm(time: 7 am, day: tomorrow)"],
  ["Please tell Anna that dinner is ready", "send_message(to: Anna, text: dinner is ready)"],
  ["Play Blue River by Nora", "play_song(title: Blue River, artist: Nora)"],
  ["Put coffee on my birthday list", "add_item(item: coffee, list: birthday)"],
  ["The bedroom needs brown light", "set_light(room: bedroom, color: brown)"],
];

function planOf(big: boolean) {
  const scale = big ? 60 : 1;
  const sizes = { "Model weights": 10.5e6, Adapter: 0.41e6, Gradients: 0.41e6, "Optimizer moments": 0.83e6 };
  const lines = Object.entries({ ...sizes, Activations: 22.4e6 * scale, "Loss head": 8.4e6 * scale }).map(
    ([name, bytes]) => ({ name, bytes }),
  );
  const total = lines.reduce((sum, line) => sum + line.bytes, 0);
  const budget = big ? 1e9 : 2e9;
  const advice = big ? "A batch of 3, or 96 tokens at the longest, fits." : "";
  const reason = big ? "This run needs more than the device gives." : "";
  return { lines, total, budget, fits: total <= budget, reason, advice };
}

async function trainMock(
  recipe: Recipe,
  onEvent: (events: readonly RunEvent[]) => void,
  run: MockRun,
  { pace, scenario }: { pace: number; scenario: string },
) {
  run.paused = false;
  run.stopped = false;
  const { steps } = recipe.schedule;
  const evalLoss = (step: number) => 0.34 + 3.4 * Math.exp((-5 * step) / steps);
  const held = (step: number) => mockHeldOut(scenario, step, steps, evalLoss(step));
  const samples = (step: number): RunEvent => ({ type: "samples", step, samples: samplesAt(recipe, step / steps) });
  await wait(pace * 4);
  onEvent([{ type: "phase", phase: "evaluate" }, { type: "eval", step: 0, ...held(0) }, samples(0)]);
  onEvent([{ type: "phase", phase: "train" }]);
  let step = 0;
  while (step < steps && !run.stopped) {
    await wait(pace);
    if (run.paused) continue;
    step += 1;
    if (scenario === "fail" && step > 20) throw diverged(step);
    onEvent([{ ...stepEvent(recipe, step, pace), ...mockFeedback(scenario, step, steps) }]);
    const every = recipe.evaluate.every;
    if (every > 0 && step % every === 0) onEvent([{ type: "eval", step, ...held(step) }, samples(step)]);
  }
  onEvent([{ type: "phase", phase: "done" }]);
  return {
    recipe,
    run: null,
    steps: step,
    stopped: run.stopped,
    finalLoss: 0.31,
    evalLossBefore: evalLoss(0),
    evalLossAfter: evalLoss(step),
    evalBefore: {},
    evalAfter: {},
    seconds: (step * pace) / 1000,
    trainableParameters: 102_400,
    memory: { forecast: 13_500_000, peak: 13_400_000 },
  };
}

const diverged = (step: number) =>
  new AppError("run/diverged", `The loss is no longer a number at step ${step}.`, {
    hint: "Start again with a third of the learning rate; the last good adapter was kept.",
  });

function stepEvent(recipe: Recipe, step: number, pace: number): Extract<RunEvent, { type: "step" }> {
  const { steps, warmup, kind } = recipe.schedule;
  const fade = kind === "constant" ? 1 : 1 - (step - warmup) / Math.max(1, steps - warmup);
  const rate = recipe.optimizer.learningRate * (step < warmup ? step / warmup : fade);
  const noise = Math.sin(step * 12.9898) * 0.5 + Math.sin(step * 4.1) * 0.5;
  const loss = 0.3 + 3.3 * Math.exp((-5 * step) / steps) * (1 + 0.18 * noise) + 0.05 * Math.abs(noise);
  const eta = step > 5 ? { eta: ((steps - step) * pace) / 1000 } : {};
  return {
    type: "step",
    step,
    loss,
    gradNorm: 0.5 + 2 * loss * (1 + 0.4 * noise),
    lr: rate,
    tokensPerSecond: 1840,
    ...eta,
  };
}

function samplesAt(recipe: Recipe, fraction: number) {
  return recipe.evaluate.samples.map((prompt, index) => {
    const answer = REQUESTS[index % REQUESTS.length]?.[1] ?? "";
    const cut = Math.round(answer.length * Math.min(1, fraction * 1.5));
    return {
      prompt,
      text: fraction === 0 ? "Once there was a little girl who liked the" : answer.slice(0, cut) || "{",
    };
  });
}

function comparisonOf(worse: boolean): Comparison {
  const cases: ComparedCase[] = Array.from({ length: 120 }, (_, index) => {
    const [request, expected] = REQUESTS[index % REQUESTS.length] ?? ["", ""];
    const basePassed = index % 17 === 3;
    const tunedPassed = worse ? index % 40 === 1 : index % 9 !== 3;
    const base = basePassed ? expected : `${request}. The cat was happy and`;
    const tuned = tunedPassed
      ? expected
      : expected.replace("Anna", "Nora").replace("7 am", "9 pm").replace("list: birthday", "list: list");
    return { prompt: `User: ${request}\nCall:`, expected, base, tuned, basePassed, tunedPassed };
  });
  const rank = (one: ComparedCase) => (one.basePassed === one.tunedPassed ? 2 : one.tunedPassed ? 0 : 1);
  cases.sort((a, b) => rank(a) - rank(b));
  const arm = (passed: number) => ({ passed, rate: passed / 120, interval: wilson(passed, 120) });
  const base = arm(cases.filter((one) => one.basePassed).length);
  const tuned = arm(cases.filter((one) => one.tunedPassed).length);
  const difference = tuned.rate - base.rate;
  return {
    n: 120,
    base,
    tuned,
    difference,
    differenceInterval: { low: difference - 0.08, high: difference + 0.06 },
    pValue: worse ? 0.21 : 1e-9,
    verdict: worse ? "inconclusive" : "better",
    sentence: worse
      ? "No difference can be shown: 3 of 120 held-out cases right after training, 7 before."
      : `The tuned model is better: it gets ${tuned.passed} of 120 held-out cases right, the base model ${base.passed}.`,
    cases,
    fixed: cases.filter((one) => rank(one) === 0).length,
    broken: cases.filter((one) => rank(one) === 1).length,
  };
}

function wilson(passed: number, n: number) {
  const rate = passed / n;
  const middle = (rate + 1.92 / n) / (1 + 3.84 / n);
  const half = (1.96 * Math.sqrt((rate * (1 - rate)) / n + 0.96 / n ** 2)) / (1 + 3.84 / n);
  return { low: middle - half, high: middle + half };
}
