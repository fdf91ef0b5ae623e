/** Our own engine as who answers an evaluation: the open model with its adapter on or off, all prompts in one batch. */
import { type Encoded, encodePrompt, IGNORED } from "@/data/encode";
import { AppError } from "@/errors";
import type { Completion, Likelihood, Prompt, Provider } from "@/eval/provider";
import { answer, type LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import { scoreEncoded } from "@/session/score";
import { parseRecipe } from "@/train/recipe";

/** Without an adapter: the base model. */
export function engineProvider(model: OpenModel, adapter: LoadedAdapter | undefined): Provider {
  const name = `${model.info.name}${adapter ? " + adapter" : ""}`;
  return {
    name,
    complete: async (prompts, { maxTokens, temperature, seed, stop = [], signal, onDone }) => {
      const started = performance.now();
      const spent = () => ({ latencyMs: performance.now() - started, attempts: 1 });
      const encoded = prompts.map((prompt) => promptIds(model, prompt));
      const fits = ({ length }: readonly number[]) => length > 0 && length + 1 < model.runtime.positions;
      const asked = encoded.filter(fits);
      let told = 0;
      const said = await settle(() =>
        answer(model, adapter, asked, {
          ...{ maxTokens, temperature, seed, useAdapter: adapter !== undefined },
          onToken: () => signal?.aborted !== true,
          onDone: (done) => {
            for (; told < done; told++)
              onDone?.(told, {
                ok: true,
                text: "",
                promptTokens: null,
                completionTokens: null,
                truncated: false,
                ...spent(),
              });
          },
        }),
      );
      let next = 0;
      return encoded.map((ids): Completion => {
        if (!fits(ids)) {
          const message = `A prompt of ${ids.length} tokens does not fit the model's ${model.runtime.positions}.`;
          return { ok: false, fault: "too-long", message, ...spent() };
        }
        const own = said.ok ? said.value[next++] : undefined;
        if (!said.ok) return { ok: false, fault: "failed", message: said.message, ...spent() };
        if (signal?.aborted || !own) return { ok: false, fault: "stopped", message: "It was stopped.", ...spent() };
        const whole = model.tokenizer.decode(own, { skipSpecial: true });
        const cuts = stop.map((mark) => whole.indexOf(mark)).filter((at) => at >= 0);
        const text = cuts.length > 0 ? whole.slice(0, Math.min(...cuts)) : whole;
        const truncated = cuts.length === 0 && own.length >= maxTokens;
        return { ok: true, text, promptTokens: ids.length, completionTokens: own.length, truncated, ...spent() };
      });
    },
    likelihood: async (items) => {
      const rows = items.map(({ prompt, continuation }) => continued(model, prompt, continuation));
      const usable = rows.filter(({ ids }) => ids.length > 1 && ids.length <= model.runtime.positions);
      const scored = await settle(async () =>
        usable.length === 0 ? [] : scoreEncoded(model, adapter, usable, parseRecipe({})),
      );
      return rows.map((row): Likelihood => {
        const at = usable.indexOf(row);
        if (at < 0) return { ok: false, fault: "too-long", message: `${row.ids.length} tokens do not fit the model.` };
        if (!scored.ok) return { ok: false, fault: "failed", message: scored.message };
        const { nll = Number.NaN, tokens = 0 } = scored.value[at] ?? {};
        return { ok: true, logprob: -nll, tokens };
      });
    },
  };
}

/** The ids of both together, so that the border is tokenised as the model would read it; the continuation's are scored. */
function continued({ tokenizer }: OpenModel, prompt: string, continuation: string): Encoded {
  const ids = tokenizer.encode(prompt + continuation);
  const given = Math.min(ids.length - 1, Math.max(1, tokenizer.encode(prompt).length));
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
