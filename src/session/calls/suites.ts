/** A suite over the arms of what is open: base and tuned, each with or without a text before the question. */

import { AppError } from "@/errors";
import { parseArm, placeboOf, type ReadyArm } from "@/eval/arms";
import type { Decision } from "@/eval/paired";
import { type RunEvent, type RunSettings, runArms } from "@/eval/run-arms";
import { sandboxJudges } from "@/eval/sandbox/judges";
import { sanityArms } from "@/eval/sanity";
import type { Suite } from "@/eval/suite";
import { declare, makeReport, type SuiteReport } from "@/eval/suite-report";
import { contentHashes } from "@/session/content-hashes";
import type { RunControl } from "@/session/control";
import type { Core } from "@/session/core";
import { engineProvider } from "@/session/engine-provider";
import { withSandbox } from "@/session/sandboxed";

export interface SuiteAsk {
  readonly suite: Suite;
  /** "base", "tuned", "skill", "tuned+placebo" …; the first is what the others are compared with. */
  readonly arms: readonly string[];
  readonly settings: Omit<RunSettings, "frame"> & { readonly frame?: RunSettings["frame"] };
  /** For pass@k. */
  readonly k: number;
  /** Texts of the arms that put one before the question. */
  readonly contexts?: { readonly skill?: string; readonly previous?: string };
  /** What decides; the pass rate, by any gain, unless said otherwise. */
  readonly metric?: Decision["metric"];
  readonly margin?: number;
}

export interface SuiteCalls {
  /** `stop` ends it; the report of what had been answered until then says so. */
  evaluateSuite(ask: SuiteAsk, onEvent: (event: RunEvent) => void): Promise<SuiteReport>;
}

export function suiteCalls(core: Core): SuiteCalls {
  const { state, requireIdle, requireModel, requireAdapter } = core;
  return {
    evaluateSuite: async ({ suite, arms: names, settings, k, contexts = {}, ...decision }, onEvent) => {
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
      const tuned = names.some((name) => parseArm(name).weights === "tuned");
      const hashes = await contentHashes(model, tuned ? state : {}, {
        skill: contexts.skill,
        previous: contexts.previous,
      });
      const declaration = await declare(suite, names, used, model.info.name, { ...decision, k, hashes });
      const stop = new AbortController();
      const run: RunControl = { stopped: false, paused: undefined, onStop: () => stop.abort() };
      state.run = run;
      try {
        const answers = await withSandbox(core, (sandbox) =>
          runArms(suite, arms, used, sandboxJudges(sandbox), onEvent, stop.signal),
        );
        return await makeReport(declaration, answers, await sanityArms(suite), suite.cases);
      } finally {
        delete state.run;
      }
    },
  };
}
