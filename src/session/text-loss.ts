/** Perplexity and bits per byte of held-out text by the open model; with an adapter, what tuning did to them. */
import { AppError } from "@/errors";
import { type Forgetting, forgetting, passagesOf } from "@/eval/forgetting";
import { lossOf, scoreTexts, type TextLoss } from "@/eval/likelihood";
import type { Core } from "@/session/core";
import { openProviders } from "@/session/eval-providers";

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
      : passagesOf(await (await core.platform.bundled(`texts/${ask.bundled}.jsonl`)).text(), true);
  const providers = await openProviders(core);
  const base = providers && (await scoreTexts(providers.base, texts));
  if (!base || base.length === 0) {
    throw new AppError("dataset/empty", "There is no text to measure.", { hint: "Give texts of two words or more." });
  }
  const tuned = providers.tuned && (await scoreTexts(providers.tuned, texts));
  if (!tuned) return { base: lossOf(base) };
  return { base: lossOf(base), tuned: lossOf(tuned), forgetting: forgetting(base, tuned, ask.seed) };
}
