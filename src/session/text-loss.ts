/** Perplexity and bits per byte of held-out text by the open model; with an adapter, what tuning did to them. */
import { AppError } from "@/errors";
import { type Forgetting, forgetting, passagesOf } from "@/eval/forgetting";
import { lossOf, scoreTexts, type TextLoss, type TextScore } from "@/eval/likelihood";
import type { Provider } from "@/eval/provider";
import type { SuiteReport } from "@/eval/suite-report";
import type { Core } from "@/session/core";
import { openProviders } from "@/session/eval-providers";
import type { Platform } from "@/session/platform";

/** A text or JSON lines with "text", or what is bundled: "general". */
export type TextAsk = { readonly seed: number } & (
  | { readonly content: string; readonly name: string }
  | { readonly bundled: string }
);

/** `forgetting` only where there is an adapter. */
export interface TextMeasure {
  readonly base: TextLoss;
  readonly tuned?: TextLoss;
  readonly forgetting?: Forgetting;
}

export async function measureText(core: Core, ask: TextAsk): Promise<TextMeasure> {
  core.requireIdle();
  core.requireModel();
  const texts =
    "content" in ask
      ? passagesOf(ask.content, /\.jsonl$/i.test(ask.name))
      : await bundledTexts(core.platform, ask.bundled);
  const providers = await openProviders(core);
  const base = providers && (await scoreTexts(providers.base, texts));
  if (!base || base.length === 0) {
    throw new AppError("dataset/empty", "There is no text to measure.", { hint: "Give texts of two words or more." });
  }
  const tuned = providers.tuned && (await scoreTexts(providers.tuned, texts));
  if (!tuned) return { base: lossOf(base) };
  return { base: lossOf(base), tuned: lossOf(tuned), forgetting: forgetting(base, tuned, ask.seed) };
}

/** A model of an evaluation: how it is called, and who answers without and with an adapter. */
export interface Measured {
  readonly label: string;
  readonly base?: Provider;
  readonly tuned?: Provider;
}

/** Loss on bundled general text of every model that tells likelihoods; what the first of them with both arms forgot. */
export async function generalLosses(
  platform: Platform,
  models: readonly Measured[],
  seed: number,
): Promise<Pick<SuiteReport, "general" | "forgetting">> {
  const texts = await bundledTexts(platform, "general");
  const losses: Record<string, TextLoss> = {};
  let forgotten: Forgetting | undefined;
  for (const { label, ...arms } of models) {
    const found: { base?: TextScore[]; tuned?: TextScore[] } = {};
    for (const arm of ["base", "tuned"] as const) {
      const scores = arms[arm] && (await scoreTexts(arms[arm], texts));
      if (!scores?.some((score) => score !== null)) continue;
      found[arm] = scores;
      losses[models.length > 1 ? `${label}: ${arm}` : arm] = lossOf(scores);
    }
    if (found.base && found.tuned) forgotten ??= forgetting(found.base, found.tuned, seed);
  }
  return { general: losses, ...(forgotten ? { forgetting: forgotten } : {}) };
}

const bundledTexts = async (platform: Platform, name: string) =>
  passagesOf(await (await platform.bundled(`texts/${name}.jsonl`)).text(), true);
