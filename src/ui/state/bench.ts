/** Measuring this machine: what is asked, what is known so far, and what is being measured. */
import { signal } from "@preact/signals";
import type { BenchReport } from "@/bench/report";
import { attempt, report, session } from "@/ui/state/core";

export const BENCH_MODELS = {
  ember: "Ember, the bundled model",
  "smollm2-135m": "SmolLM2, 135 million",
  "qwen3-0.6b": "Qwen3, 600 million",
};
export type BenchModel = keyof typeof BENCH_MODELS;

/** Seconds that a bench may take, and how many tokens a step then has. */
export const BUDGETS = { 60: "one minute", 300: "five minutes", 1200: "twenty minutes" };

export const benchModels = signal<readonly BenchModel[]>(["ember", "smollm2-135m"]);
export const benchSeconds = signal(60);
export const benchGrowth = signal(true);
export const benchReport = signal<BenchReport | null>(null);
/** "" when nothing is being measured. */
export const benchNote = signal("");

const SHORT = 60;

export function toggleModel(model: BenchModel): void {
  const chosen = benchModels.value;
  benchModels.value = chosen.includes(model) ? chosen.filter((name) => name !== model) : [...chosen, model];
}

export function runBench(): Promise<boolean> {
  return attempt("bench", async () => {
    benchReport.value = null;
    benchNote.value = "Starting";
    const seconds = benchSeconds.value;
    const options = {
      shapes: Object.keys(BENCH_MODELS).filter((name) => benchModels.value.includes(name as BenchModel)),
      ...{ tokens: seconds <= SHORT ? 128 : 512, rank: 16, seconds, growth: benchGrowth.value },
    };
    try {
      benchReport.value = await session().bench(options, (known, note) => {
        benchReport.value = known;
        benchNote.value = note;
      });
    } finally {
      benchNote.value = "";
    }
  });
}

/** After the measurement under way. */
export async function stopBench(): Promise<void> {
  try {
    benchNote.value = "Stopping after this measurement";
    await session().stop();
  } catch (error) {
    report("bench", error);
  }
}
