/**
 * A session without an engine, for looking at every state of the page: `?mock` in development only, never in a build.
 * `?mock=none` has no device, `=big` a run that does not fit, `=worse` a run that hurts, `=fail` one that diverges,
 * `=faulty` a dataset with wrong rows, `=dpo` and `=grpo` runs by preference and by reward; `&pace=5` makes steps that many milliseconds long.
 */
import { AppError } from "@/errors";
import { parseRecipe } from "@/train/recipe";
import { benchMock } from "@/ui/mock/bench";
import { comparisonOf } from "@/ui/mock/comparison";
import { datasetOf, rowAt } from "@/ui/mock/dataset";
import { mockExports } from "@/ui/mock/export";
import { mockJobs } from "@/ui/mock/jobs";
import { EMBER, noConfig, noDevice, planOf } from "@/ui/mock/model";
import { MOCK_PROBE, mockExercise, mockReport } from "@/ui/mock/report";
import { mockRuns } from "@/ui/mock/runs";
import { mockSkills } from "@/ui/mock/skill";
import { MOCK_SIZE, mockSuite } from "@/ui/mock/suite";
import { type MockRun, trainMock } from "@/ui/mock/training";
import type { PageSession } from "@/worker/client";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function createMockSession(query: URLSearchParams): PageSession {
  const scenario = query.get("mock") ?? "";
  const pace = Number(query.get("pace") ?? "60");
  const run: MockRun = { paused: false, stopped: false };
  return {
    ...mockRuns(),
    ...mockJobs(pace),
    ...mockExports(() => wait(pace)),
    ...mockSkills(() => wait(pace * 5)),
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
    viewRow: async (place) => rowAt(place),
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
    evaluateSuite: (ask, onEvent) => mockSuite(ask, onEvent, () => wait(pace)),
    exportAdapter: async () => [
      { name: "adapter_model.safetensors", blob: new Blob([new Uint8Array(412_416)]) },
      { name: "adapter_config.json", blob: new Blob(['{"r": 8}']) },
      { name: "README.md", blob: new Blob(["# An adapter\n"]) },
    ],
    async loadAdapter(files) {
      if (files.some((file) => file.name.endsWith(".safetensors"))) return { kind: "lora", rank: 8, alpha: 16 };
      throw new AppError("adapter/mismatch", "adapter_model.safetensors is missing.", { hint: "Pick both files." });
    },
  };
}
