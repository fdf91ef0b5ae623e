/** Asking the model: cases answered by base and tuned, or one prompt of a person's. */
import { encodePrompt } from "@/data/encode";
import { sandboxRewards } from "@/eval/sandbox/judges";
import { answer } from "@/session/answers";
import { answerCases, casesOf, comparePairs } from "@/session/compare";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import type { OpenModel } from "@/session/open-model";
import { comparePreferences } from "@/session/prefer";
import { withSandbox } from "@/session/sandboxed";
import { createTextStream } from "@/tokenizer/text-stream";

type AnswerCalls = Pick<Session, "compare" | "evaluateBase" | "generate">;

export function answerCalls(core: Core): AnswerCalls {
  const { state, requireIdle, requireModel, requireAdapter, datasetFor } = core;
  return {
    compare: async (onEvent) => {
      requireIdle();
      const adapter = requireAdapter();
      const { recipe } = state;
      const dataset = await datasetFor(recipe);
      state.comparison =
        recipe.method === "dpo"
          ? await comparePreferences(requireModel(), adapter, dataset, recipe, onEvent)
          : await withSandbox(core, (sandbox) =>
              comparePairs(requireModel(), adapter, dataset.eval, recipe, sandboxRewards(sandbox), onEvent),
            );
      return state.comparison;
    },

    evaluateBase: async (onEvent) => {
      const cases = casesOf((await datasetFor(state.recipe)).eval, state.recipe);
      const base = await answerCases(requireModel(), undefined, cases, state.recipe, "base", onEvent);
      return cases.map(({ prompt, expected }, i) => {
        const text = base[i] ?? "";
        return { prompt, expected, base: text, passed: text.trim() === expected.trim() };
      });
    },

    generate: async (prompt, { maxTokens, temperature, seed, adapter, chat }, onText) => {
      requireIdle();
      const model = requireModel();
      const ids = promptIds(model, prompt, chat);
      const stream = createTextStream(model.tokenizer, { skipSpecial: true });
      let text = "";
      const show = (piece: string) => {
        text += piece;
        if (piece !== "") onText(text);
      };
      const onToken = (_: number, token: number) => {
        show(stream.push(token));
        return true;
      };
      await answer(model, state.adapter, [ids], { maxTokens, temperature, seed, useAdapter: adapter, onToken });
      show(stream.end());
      return text;
    },
  };
}

/** The ids that an answer continues: as they are, or as a user's turn of the model's template. */
function promptIds(model: OpenModel, prompt: string, chat: boolean): number[] {
  if (!chat || !model.template) return model.tokenizer.encode(prompt);
  const messages = { prompt: [{ role: "user", content: prompt }], completion: [{ role: "assistant", content: "" }] };
  return encodePrompt({ kind: "chat", ...messages }, model)?.ids ?? [];
}
