/** A skill and who reads it: its tokens, and whether it helps the open model, its adapter or a server's model. */
import { AppError } from "@/errors";
import { type Place, roughTokens } from "@/eval/arms";
import type { Provider } from "@/eval/provider";
import type { Judges, RunEvent, RunSettings } from "@/eval/run-arms";
import { sandboxJudges } from "@/eval/sandbox/judges";
import { questionText, type Suite } from "@/eval/suite";
import { contentHashes } from "@/session/content-hashes";
import type { RunControl } from "@/session/control";
import type { Core } from "@/session/core";
import { type OtherModel, openProviders, otherProvider } from "@/session/eval-providers";
import { allHad, resuming } from "@/session/kept-answers";
import type { OpenModel } from "@/session/open-model";
import { withSandbox } from "@/session/sandboxed";
import { composeSkill, inert, marksIn, type SkillChoice } from "@/skill/compose";
import { type Generated, type GenerateEvent, generateSkill } from "@/skill/generate/generate";
import type { Material } from "@/skill/generate/material";
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

/** Who reads the skill: the open model, or another. */
export type Reader = { readonly kind: "open"; readonly adapter: boolean } | OtherModel;

export interface SkillAsk extends Omit<MeasureAsk, "settings"> {
  readonly skill: Skill;
  readonly reader: Reader;
  readonly settings: Omit<RunSettings, "frame" | "place"> & { readonly place?: Place };
  /** The same may be asked again after it broke off: what was said is not asked twice. */
  readonly keep?: boolean;
}

export interface SkillWish {
  readonly task: string;
  readonly material: Material | null;
  readonly cases: number;
  readonly rounds: number;
  /** Halved in place of cases that the teacher would write. */
  readonly suite?: Suite;
  readonly settings: SkillAsk["settings"];
  readonly teacher: Reader;
  readonly reader: Reader;
}

export interface SkillCalls {
  /** `suite` gives the longest question, `answer` is what is kept free for one. */
  skillSize(skill: Skill, choice: SkillChoice, suite: Suite | null, answer: number): Promise<SkillSize>;
  /** `stop` ends it. */
  evaluateSkill(ask: SkillAsk, onEvent: (event: RunEvent) => void): Promise<SkillReport>;
  /** `stop` ends it. */
  generateSkill(wish: SkillWish, onEvent: (event: GenerateEvent) => void): Promise<Generated>;
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
    evaluateSkill: ({ skill, reader, settings, keep, ...ask }, onEvent) =>
      asking(core, [reader], ([student], judges, signal) =>
        resuming(keep ? core.platform.answers : undefined, ask.suite, async (kept) => {
          const asked = { ...ask, settings: framed(settings, student, ask.suite) };
          const reading = { ...student, provider: kept(student.provider) };
          const value = await measureSkill(skill, asked, reading, judges, onEvent, signal);
          const { arms, ablation } = value.report;
          const parts = ablation?.parts.every(({ unanswered }) => unanswered === 0) ?? true;
          return { value, whole: !signal.aborted && allHad(arms) && parts };
        }),
      ),
    generateSkill: ({ teacher, reader, settings, ...ask }, onEvent) =>
      asking(core, [reader, teacher], ([student, writer], judges, signal) => {
        const used = { ...ask, settings: framed(settings, student, ask.suite) };
        return generateSkill(used, writer.provider, student, judges, onEvent, signal);
      }),
  };
}

const framed = (settings: SkillAsk["settings"], { provider }: Answerer, suite?: Suite): RunSettings => ({
  ...{ ...settings, frame: suite?.frame ?? (provider.chat === false ? "plain" : "chat") },
});

async function answererOf(core: Core, reader: Reader): Promise<Answerer> {
  const provider =
    reader.kind === "open" ? await openProvider(core, reader.adapter) : await otherProvider(core, reader);
  const count = provider.countTokens;
  const { model } = core.state;
  const hashes =
    reader.kind === "open" && model
      ? await contentHashes(model, reader.adapter ? core.state : {}, {})
      : { [`Identity of ${provider.name}`]: provider.id ?? null };
  const marks = reader.kind === "open" ? specialSpellings(core.requireModel()) : null;
  return {
    ...{ provider, hashes },
    encode: (text) => (count ? { length: count(text) } : roughTokens(text)),
    marksIn: marks ? (text) => marks.filter((mark) => text.includes(mark)) : marksIn,
  };
}

async function openProvider(core: Core, adapter: boolean): Promise<Provider> {
  core.requireModel();
  if (adapter) core.requireAdapter();
  const found = await openProviders(core);
  const provider = adapter ? found?.tuned : found?.base;
  if (!provider) throw new AppError("usage", "There is no model yet.", { hint: "Open a model first." });
  return provider;
}

/** Opens who is asked and closes what was opened for it. One thing at a time; the session's `stop` reaches it. */
async function asking<const R extends readonly Reader[], T>(
  core: Core,
  readers: R,
  work: (answerers: { [K in keyof R]: Answerer }, judges: Judges, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  core.requireIdle();
  const stop = new AbortController();
  core.state.run = { stopped: false, paused: undefined, onStop: () => stop.abort() } satisfies RunControl;
  const opened: Answerer[] = [];
  try {
    for (const reader of readers) opened.push(await answererOf(core, reader));
    const answerers = opened as { [K in keyof R]: Answerer };
    return await withSandbox(core, (sandbox) => work(answerers, sandboxJudges(sandbox), stop.signal));
  } finally {
    delete core.state.run;
    for (const { provider } of opened) await provider.release?.();
  }
}

/** How the vocabulary spells what only a template may write. */
function specialSpellings({ tokenizer: { vocabSize, isSpecial, tokenText } }: OpenModel): string[] {
  const found: string[] = [];
  for (let id = 0; id < vocabSize; id++) if (isSpecial(id)) found.push(tokenText(id));
  return found.filter((text) => text.length > 2);
}
