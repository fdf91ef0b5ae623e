/** Our own engine as who answers an evaluation: a model with its adapter on or off, all prompts in one batch. */
import { type Encoded, encodePrompt, IGNORED } from "@/data/encode";
import { AppError } from "@/errors";
import {
  type CompleteOptions,
  type Completion,
  type Continued,
  continuedIds,
  cutAt,
  keyOf,
  type Likelihood,
  type Prompt,
  type Provider,
  unfit,
} from "@/eval/provider";
import { answer, type LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import { scoreEncoded } from "@/session/score";

/** Without an adapter: the base model. `id` says which weights these are. */
export function engineProvider(model: OpenModel, adapter: LoadedAdapter | undefined, id?: string): Provider {
  return {
    name: `${model.info.name}${adapter ? " + adapter" : ""}`,
    ...(id === undefined ? {} : { id }),
    chat: model.template !== null,
    countTokens: (text) => model.tokenizer.encode(text).length,
    complete: (prompts, options) => completeAll(model, adapter, prompts, options),
    likelihood: (items) => likelihoods(model, adapter, items),
  };
}

async function completeAll(
  model: OpenModel,
  adapter: LoadedAdapter | undefined,
  prompts: readonly Prompt[],
  options: CompleteOptions,
): Promise<Completion[]> {
  const { maxTokens, temperature, seed, stop = [], signal, onDone } = options;
  const { tokenizer, runtime } = model;
  const started = performance.now();
  const results: Completion[] = [];
  const tell = (index: number, completion: Completion) => {
    results[index] = completion;
    onDone?.(index, completion);
  };
  const fail = (index: number, fault: "too-long" | "failed" | "stopped", message: string) =>
    tell(index, { ok: false, fault, message, latencyMs: performance.now() - started, attempts: 1 });
  const textOf = (ids: readonly number[]) => tokenizer.decode([...ids], { skipSpecial: true });

  const encoded = prompts.map((prompt) => promptIds(model, prompt));
  const places = encoded.flatMap(({ length }, i) => (length > 0 && length + 1 < runtime.positions ? [i] : []));
  const idsAt = (request: number) => encoded[places[request] ?? 0] ?? [];
  for (const [i, { length }] of encoded.entries()) {
    if (length + 1 >= runtime.positions)
      fail(i, "too-long", `A prompt of ${length} tokens does not fit the model's ${runtime.positions}.`);
    else if (length === 0) fail(i, "failed", "The prompt is empty, and this model has no token to begin with.");
  }
  const onAnswer = (request: number, ids: readonly number[]) => {
    const whole = textOf(ids);
    const cut = cutAt(whole, stop);
    const counts = { promptTokens: idsAt(request).length, completionTokens: ids.length };
    const room = Math.min(maxTokens, runtime.positions - counts.promptTokens);
    const truncated = cut === null && ids.length >= room;
    const spent = { latencyMs: performance.now() - started, attempts: 1 };
    tell(places[request] ?? 0, { ok: true, text: cut ?? whole, ...counts, truncated, ...spent });
  };
  const said = await settle(() =>
    answer(
      model,
      adapter,
      places.map((i) => encoded[i] ?? []),
      {
        ...{ maxTokens, temperature, seed, useAdapter: adapter !== undefined, onAnswer },
        keys: places.map((i) => keyOf(options, i)),
        onToken: () => signal?.aborted !== true,
        ...(stop.length === 0
          ? {}
          : { isEnough: (_: number, ids: readonly number[]) => cutAt(textOf(ids), stop) !== null }),
      },
    ),
  );
  for (const i of prompts.keys()) {
    if (results[i]) continue;
    if (said.ok) fail(i, "stopped", "It was stopped before this prompt was answered.");
    else fail(i, "failed", said.message);
  }
  return results;
}

async function likelihoods(
  model: OpenModel,
  adapter: LoadedAdapter | undefined,
  items: readonly Continued[],
): Promise<Likelihood[]> {
  const rows = items.map((item) => continued(model, item));
  const usable = rows.filter(({ ids }) => ids.length > 1 && ids.length <= model.runtime.positions);
  const scored = await settle(async () => (usable.length === 0 ? [] : scoreEncoded(model, adapter, usable)));
  const places = new Map(usable.map((row, i) => [row, i]));
  return rows.map((row): Likelihood => {
    const at = places.get(row);
    if (at === undefined) return unfit(row.ids.length);
    if (!scored.ok) return { ok: false, fault: "failed", message: scored.message };
    const { nll = Number.NaN, tokens = 0 } = scored.value[at] ?? {};
    return { ok: true, logprob: -nll, tokens };
  });
}

function continued(model: OpenModel, item: Continued): Encoded {
  const { ids, given } = continuedIds(item, promptIds(model, item.prompt), (text, special) =>
    model.tokenizer.encode(text, { special }),
  );
  return { ids, labels: ids.map((id, i) => (i < given ? IGNORED : id)) };
}

function promptIds(model: OpenModel, prompt: Prompt): readonly number[] {
  if (typeof prompt === "string") return model.tokenizer.encode(prompt);
  if (!model.template) return model.tokenizer.encode(prompt.map(({ content }) => content).join("\n\n"));
  const turns = prompt.map(({ role, content }) => ({ role, content }));
  return (
    encodePrompt({ kind: "chat", prompt: turns, completion: [{ role: "assistant", content: "" }] }, model)?.ids ?? []
  );
}

/** What goes wrong with a batch is told of its prompts; a lost device is the run's end. */
async function settle<T>(work: () => Promise<T>): Promise<{ ok: true; value: T } | { ok: false; message: string }> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof AppError && error.code !== "device/lost") return { ok: false, message: error.message };
    throw error;
  }
}
