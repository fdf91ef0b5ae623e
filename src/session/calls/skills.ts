/** A skill and who reads it: its tokens, and whether it helps the open model, its adapter or a server's model. */
import { type Place, roughTokens } from "@/eval/arms";
import { openAIProvider } from "@/eval/providers/openai";
import type { Judges, RunEvent, RunSettings } from "@/eval/run-arms";
import { questionText, type Suite } from "@/eval/suite";
import type { RunControl } from "@/session/control";
import type { Core } from "@/session/core";
import { engineProvider } from "@/session/engine-provider";
import type { OpenModel } from "@/session/open-model";
import { composeSkill, inert, marksIn, type SkillChoice } from "@/skill/compose";
import { type Answerer, type MeasureAsk, measureSkill, type SkillReport } from "@/skill/measure";
import { ADVISED_TOKENS, type Fit, fitOf, type PartSize, sizeOf } from "@/skill/size";
import type { Skill } from "@/skill/skill";

export interface SkillSize {
  readonly model: string;
  readonly parts: readonly PartSize[];
  readonly fit: Fit;
  /** Above what the specification advises for a body. */
  readonly long: boolean;
  /** Marks of the model's chat template that the skill spells; they reach the model as plain text. */
  readonly marks: readonly string[];
}

/** The key stays in memory: it is in no report, hash or message. */
export type Reader =
  | { readonly kind: "open"; readonly adapter: boolean }
  | { readonly kind: "endpoint"; readonly baseUrl: string; readonly model: string; readonly key?: string };

export interface SkillAsk extends Omit<MeasureAsk, "settings"> {
  readonly skill: Skill;
  readonly reader: Reader;
  readonly settings: Omit<RunSettings, "frame" | "place"> & { readonly place?: Place };
  readonly judges?: Judges;
}

export interface SkillCalls {
  /** `suite` gives the longest question, `answer` is what is kept free for one. */
  skillSize(skill: Skill, choice: SkillChoice, suite: Suite | null, answer: number): Promise<SkillSize>;
  /** `stop` ends it. */
  evaluateSkill(ask: SkillAsk, onEvent: (event: RunEvent) => void): Promise<SkillReport>;
}

export function skillCalls(core: Core): SkillCalls {
  return {
    skillSize: async (skill, choice, suite, answer) => {
      const model = core.requireModel();
      const count = (text: string) => model.tokenizer.encode(text, { special: false }).length;
      const parts = sizeOf(skill, count);
      const { text, changed } = inert(composeSkill(skill, choice), specialSpellings(model));
      const longest = Math.max(0, ...(suite?.cases ?? []).map((one) => count(questionText(one))));
      const body = parts.find(({ kind }) => kind === "body")?.tokens ?? 0;
      return {
        ...{ model: model.info.name, parts, fit: fitOf(count(text), longest, answer, model.runtime.positions) },
        ...{ long: body > ADVISED_TOKENS, marks: changed },
      };
    },
    evaluateSkill: ({ skill, reader, settings, judges = {}, ...ask }, onEvent) =>
      stoppable(core, (signal) => {
        const used = { ...settings, frame: frameOf(core, reader) };
        return measureSkill(skill, { ...ask, settings: used }, answererOf(core, reader), judges, onEvent, signal);
      }),
  };
}

const frameOf = ({ requireModel }: Core, reader: Reader): RunSettings["frame"] =>
  reader.kind === "endpoint" || requireModel().template ? "chat" : "plain";

export function answererOf(core: Core, reader: Reader): Answerer {
  if (reader.kind === "endpoint") return { provider: openAIProvider(reader), encode: roughTokens, marksIn };
  const model = core.requireModel();
  const marks = specialSpellings(model);
  return {
    provider: engineProvider(model, reader.adapter ? core.requireAdapter() : undefined),
    encode: (text) => model.tokenizer.encode(text),
    marksIn: (text) => marks.filter((mark) => text.includes(mark)),
  };
}

/** One thing at a time; the session's `stop` reaches it. */
async function stoppable<T>({ state, requireIdle }: Core, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  requireIdle();
  const stop = new AbortController();
  state.run = { stopped: false, paused: undefined, onStop: () => stop.abort() } satisfies RunControl;
  try {
    return await work(stop.signal);
  } finally {
    delete state.run;
  }
}

/** How the vocabulary spells what only a template may write. */
function specialSpellings({ tokenizer: { vocabSize, isSpecial, tokenText } }: OpenModel): string[] {
  const found: string[] = [];
  for (let id = 0; id < vocabSize; id++) if (isSpecial(id)) found.push(tokenText(id));
  return found.filter((text) => text.length > 2);
}
