/**
 * Answers that are kept while an evaluation is unfinished: a server that died half-way, or a tab that was closed, costs
 * only what was not yet said. An answer is found again by who was asked what, with which settings and seed; faults are
 * never kept.
 */
import { sha256Hex } from "@/util/sha256";
import { type CompleteOptions, type Completion, keyOf, type Prompt, type Provider } from "./provider";

export interface KeptAnswers {
  find(key: string): Completion | undefined;
  keep(key: string, completion: Completion): void;
}

/** The same provider, asking only for what is not kept. Without an id it cannot be told from another, and keeps nothing. */
export function keeping(provider: Provider, kept: KeptAnswers): Provider {
  const { id } = provider;
  if (id === undefined) return provider;
  return {
    ...provider,
    complete: async (prompts, options) => {
      const names = await Promise.all(prompts.map((prompt, i) => nameOf(id, prompt, i, options)));
      const results: Completion[] = [];
      const missing: number[] = [];
      for (const [i, name] of names.entries()) {
        const found = kept.find(name);
        if (!found) missing.push(i);
        else {
          results[i] = found;
          options.onDone?.(i, found);
        }
      }
      if (missing.length === 0) return results;
      const said = await provider.complete(
        missing.map((i) => prompts[i] ?? ""),
        {
          ...options,
          keys: missing.map((i) => keyOf(options, i)),
          onDone: (at, completion) => {
            const i = missing[at] ?? 0;
            if (completion.ok) kept.keep(names[i] ?? "", completion);
            options.onDone?.(i, completion);
          },
        },
      );
      for (const [at, i] of missing.entries()) results[i] = said[at] ?? results[i] ?? STOPPED;
      return results;
    },
  };
}

const STOPPED: Completion = { ok: false, fault: "failed", message: "There is no answer.", latencyMs: 0, attempts: 1 };

function nameOf(id: string, prompt: Prompt, index: number, options: CompleteOptions): Promise<string> {
  const { maxTokens, temperature, seed, stop = [] } = options;
  const asked = [id, prompt, maxTokens, temperature, temperature === 0 ? 0 : [seed, keyOf(options, index)], stop];
  return sha256Hex(new TextEncoder().encode(JSON.stringify(asked)));
}
