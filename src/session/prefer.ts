/** Which of two answers a model holds more likely: both arms on held-out pairs, without writing a word. */
import type { Dataset, Pair } from "@/data/dataset-types";
import { AppError } from "@/errors";
import { compareArms } from "@/eval/report";
import { NO_STEP, packStep } from "@/graph/step";
import { armOf, type LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import { PLAIN_HEAD } from "@/train/objective";
import { largestBucket } from "@/train/packing";
import { createPasses, type Passes } from "@/train/passes";
import type { Recipe } from "@/train/recipe";
import { scoreSequences } from "@/train/scorer";
import type { ComparedCase, CompareEvent, Comparison } from "@/worker/api/comparison";

/** A case passes where the mean log p of the chosen answer's tokens is above that of the rejected one; its text is the preferred one. */
export async function comparePreferences(
  model: OpenModel,
  adapter: LoadedAdapter,
  { pairs, eval: rows }: Dataset,
  recipe: Recipe,
  onEvent: (event: CompareEvent) => void,
): Promise<Comparison> {
  const held = pairs?.held.slice(0, recipe.evaluate.cases) ?? [];
  if (held.length === 0) {
    throw new AppError("dataset/empty", "There is no held-out pair to judge.", {
      hint: "Give a held-out file or a holdout share above 0.",
    });
  }
  const { runtime } = model;
  const largest = largestBucket([held], recipe.batch.size);
  const arm = async (name: CompareEvent["arm"], on: boolean) => {
    const { layout, buffer } = armOf(adapter, on) ?? {};
    const passes = createPasses({ runtime, layout, adapter: buffer, head: PLAIN_HEAD, largest, trained: false });
    try {
      const step = runtime.buffers.get("step");
      const scale = on ? (layout?.scale ?? 0) : 0;
      if (step) runtime.target.write(step, packStep({ ...NO_STEP, adapter_scale: scale, loss_scale: 1 }));
      const prefers = await preferences(passes, held, largest.tokens);
      onEvent({ arm: name, done: held.length, total: held.length });
      return prefers;
    } finally {
      passes.release();
    }
  };
  const base = await arm("base", false);
  const tuned = await arm("tuned", true);
  return compareArms(
    held.map((pair, i): ComparedCase => {
      const { prompt = "", expected = "" } = rows[i] ?? {};
      const text = (chosen: boolean | undefined) => (chosen ? expected : answerText(model, pair[1]));
      const basePassed = base[i] ?? false;
      const tunedPassed = tuned[i] ?? false;
      return { prompt, expected, base: text(basePassed), tuned: text(tunedPassed), basePassed, tunedPassed };
    }),
  );
}

async function preferences(passes: Passes, pairs: readonly Pair[], maxTokens: number): Promise<boolean[]> {
  const logps = await scoreSequences(passes, pairs.flat(), maxTokens);
  // Per token: the longer answer is the less likely one otherwise, whatever it says.
  const means = logps.map((values) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length));
  return pairs.map((_, i) => (means[2 * i] ?? 0) > (means[2 * i + 1] ?? 0));
}

function answerText({ tokenizer }: OpenModel, { ids, labels }: Pair[1]): string {
  const own = Array.from(ids).filter((_, i) => (labels[i] ?? -1) >= 0);
  return tokenizer.decode(own, { skipSpecial: true });
}
