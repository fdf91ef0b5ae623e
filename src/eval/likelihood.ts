/** What is decided or measured by log-likelihood instead of by text: multiple choice, and the loss on held-out text. */
import { framed, type ReadyArm } from "./arms";
import type { Continued, Likelihood, Provider, ProviderFault } from "./provider";
import { type Case, questionOf } from "./suite";

export type Choice =
  | { readonly ok: true; readonly at: number; readonly text: string; readonly latencyMs: number }
  | { readonly ok: false; readonly fault: ProviderFault; readonly message: string; readonly latencyMs: number };

/** Of each case with choices: the option with the highest log-likelihood per UTF-8 byte, as text goes on. All in one batch. */
export async function choose(
  cases: readonly Case[],
  { provider, context }: Pick<ReadyArm, "provider" | "context">,
  options: { readonly signal?: AbortSignal },
): Promise<Choice[]> {
  if (cases.length === 0) return [];
  const started = performance.now();
  const groups = cases.map((one): Continued[] => {
    const prompt = framed(questionOf(one), context, "plain");
    return (one.choices?.options ?? []).map((text) => ({ prompt, continuation: ` ${text}` }));
  });
  const found = await provider.likelihood?.(groups.flat(), options);
  const latencyMs = performance.now() - started;
  let at = 0;
  return groups.map((group, i) => {
    if (!found) {
      return { ok: false, fault: "failed", message: `${provider.name} tells no log-likelihood.`, latencyMs };
    }
    const own = found.slice(at, at + group.length);
    at += group.length;
    const fault = own.find((item) => !item.ok);
    if (fault && !fault.ok) return { ok: false, fault: fault.fault, message: fault.message, latencyMs };
    const best = likeliest(own, group);
    return { ok: true, at: best, text: cases[i]?.choices?.options[best] ?? "", latencyMs };
  });
}

function likeliest(found: readonly Likelihood[], items: readonly Continued[]): number {
  const rates = found.map((item, i) =>
    item.ok ? item.logprob / bytesOf(items[i]?.continuation ?? "") : Number.NEGATIVE_INFINITY,
  );
  return rates.indexOf(Math.max(...rates));
}

export interface TextLoss {
  readonly perplexity: number;
  readonly bitsPerByte: number;
  readonly tokens: number;
  readonly bytes: number;
  /** Texts that could not be scored. */
  readonly errors: number;
}

/** Of one text: nats and what they are spread over; null where it could not be scored. */
export type TextScore = { readonly nats: number; readonly tokens: number; readonly bytes: number } | null;

/**
 * Of held-out texts, one by one. The first word is given, not scored: not every model has a token to begin with. Null
 * where the provider tells no likelihoods; texts of a single word are left out.
 */
export async function scoreTexts(
  provider: Provider,
  texts: readonly string[],
  options?: { readonly signal?: AbortSignal },
): Promise<TextScore[] | null> {
  const items = texts.flatMap((text) => {
    const [, prompt, continuation] = /^(\s*\S+)(\s[\s\S]+)$/.exec(text) ?? [];
    return prompt && continuation?.trim() ? [{ prompt, continuation }] : [];
  });
  const found = await provider.likelihood?.(items, options);
  if (!found) return null;
  return found.map((item, i) =>
    item.ok ? { nats: -item.logprob, tokens: item.tokens, bytes: bytesOf(items[i]?.continuation ?? "") } : null,
  );
}

/** Perplexity is exp(nats / tokens), which only models of one tokenizer share; bits per byte, nats / (ln 2 · bytes), compare all. */
export function lossOf(scores: readonly TextScore[]): TextLoss {
  const scored = scores.filter((score) => score !== null);
  const sum = (of: (score: NonNullable<TextScore>) => number) => scored.reduce((all, score) => all + of(score), 0);
  const [nats, tokens, bytes] = [sum((score) => score.nats), sum((score) => score.tokens), sum((score) => score.bytes)];
  return {
    ...{ perplexity: Math.exp(nats / tokens), bitsPerByte: nats / Math.LN2 / bytes },
    ...{ tokens, bytes, errors: scores.length - scored.length },
  };
}

export async function textLoss(provider: Provider, texts: readonly string[]): Promise<TextLoss | null> {
  const scores = await scoreTexts(provider, texts);
  return scores && lossOf(scores);
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;
