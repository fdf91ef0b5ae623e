/** A suite over the arms of what is open: base and tuned, each with or without a text before the question. */

import { AppError } from "@/errors";
import { parseArm, placeboOf, type ReadyArm } from "@/eval/arms";
import { type Judges, type RunEvent, type RunSettings, runArms } from "@/eval/run-arms";
import { sanityArms } from "@/eval/sanity";
import type { Suite } from "@/eval/suite";
import { declare, makeReport, type SuiteReport } from "@/eval/suite-report";
import type { Core } from "@/session/core";
import { engineProvider } from "@/session/engine-provider";

export interface SuiteAsk {
  readonly suite: Suite;
  /** "base", "tuned", "skill", "tuned+placebo" …; the first is what the others are compared with. */
  readonly arms: readonly string[];
  readonly settings: Omit<RunSettings, "frame"> & { readonly frame?: RunSettings["frame"] };
  /** For pass@k. */
  readonly k: number;
  /** Texts of the arms that put one before the question. */
  readonly contexts?: { readonly skill?: string; readonly previous?: string };
  readonly judges?: Judges;
}

export interface SuiteCalls {
  evaluateSuite(ask: SuiteAsk, onEvent: (event: RunEvent) => void): Promise<SuiteReport>;
}

export function suiteCalls({ requireIdle, requireModel, requireAdapter }: Core): SuiteCalls {
  return {
    evaluateSuite: async ({ suite, arms: names, settings, k, contexts = {}, judges = {} }, onEvent) => {
      requireIdle();
      const model = requireModel();
      const arms = names.map((name): ReadyArm => {
        const { weights, context } = parseArm(name);
        const provider = engineProvider(model, weights === "tuned" ? requireAdapter() : undefined);
        if (context === "none") return { name, provider, context: null };
        const text = context === "previous" ? contexts.previous : contexts.skill;
        if (text === undefined) {
          throw new AppError("usage", `The arm ${name} needs a skill.`, { hint: "Give the text of a SKILL.md." });
        }
        const encode = (words: string) => model.tokenizer.encode(words);
        return { name, provider, context: context === "placebo" ? placeboOf(text, encode) : text };
      });
      const frame = settings.frame ?? (model.template ? "chat" : "plain");
      const used = { ...settings, frame };
      const declaration = await declare(suite, names, used, model.info.name);
      const answers = await runArms(suite, arms, used, judges, onEvent);
      return makeReport(declaration, answers, await sanityArms(suite), k);
    },
  };
}
