/** A suite over arms: the open model's, base and tuned, and those of other models, each with or without a text before the question. */
import { AppError } from "@/errors";
import { type Arm, parseArm, placeboOf, type ReadyArm, roughTokens } from "@/eval/arms";
import { CRITERIA, judgeArms } from "@/eval/judge-arms";
import { keeping } from "@/eval/kept";
import type { Decision } from "@/eval/paired";
import type { Provider } from "@/eval/provider";
import { type ArmAnswers, type RunEvent, type RunSettings, runArms } from "@/eval/run-arms";
import { sandboxJudges } from "@/eval/sandbox/judges";
import { sanityArms } from "@/eval/sanity";
import { type Suite, suiteHash } from "@/eval/suite";
import { declare, makeReport, pairsOf, type SuiteReport } from "@/eval/suite-report";
import { contentHashes, textHashes } from "@/session/content-hashes";
import type { RunControl } from "@/session/control";
import type { Core } from "@/session/core";
import { type OtherModel, openProviders, otherProvider } from "@/session/eval-providers";
import { type AnswerFile, openAnswers } from "@/session/kept-answers";
import { withSandbox } from "@/session/sandboxed";
import { measureText, type TextAsk, type TextMeasure } from "@/session/text-loss";
import { inert, marksIn } from "@/skill/compose";

export interface SuiteAsk {
  readonly suite: Suite;
  /** "base", "tuned", "skill", "tuned+placebo" …; the first is what the others are compared with. */
  readonly arms: readonly string[];
  readonly settings: Omit<RunSettings, "frame"> & { readonly frame?: RunSettings["frame"] };
  /** For pass@k. */
  readonly k: number;
  /** Texts of the arms that put one before the question. */
  readonly contexts?: { readonly skill?: string; readonly previous?: string };
  /** False: the open model, if there is one, is left out. */
  readonly own?: boolean;
  /** In the same table as the open model, which may then be absent; each has all arms that need no adapter. */
  readonly others?: readonly OtherModel[];
  /** What decides; the pass rate, by any gain, unless said otherwise. */
  readonly metric?: Decision["metric"];
  readonly margin?: number;
  /** Who judges the answers in pairs besides the suite: the open model's base, or the first of the others of that name. */
  readonly pairwise?: { readonly by: string; readonly criteria?: string };
  /** The same evaluation may be asked again after it broke off: what was said is not asked twice. */
  readonly keep?: boolean;
}

export interface SuiteCalls {
  /** `stop` ends it; the report of what had been answered until then says so. */
  evaluateSuite(ask: SuiteAsk, onEvent: (event: RunEvent) => void): Promise<SuiteReport>;
  /** Perplexity and bits per byte of held-out text, of the open model with and without its adapter. */
  measureText(ask: TextAsk): Promise<TextMeasure>;
}

export function suiteCalls(core: Core): SuiteCalls {
  return {
    evaluateSuite: (ask, onEvent) => evaluateSuite(core, ask, onEvent),
    measureText: (ask) => measureText(core, ask),
  };
}

/** A model of the table: its providers, and how its arms are called. */
interface Entry {
  readonly label: string;
  readonly base: Provider;
  readonly tuned?: Provider;
}

async function evaluateSuite(core: Core, ask: SuiteAsk, onEvent: (event: RunEvent) => void): Promise<SuiteReport> {
  const {
    suite,
    arms: names,
    settings,
    k,
    contexts = {},
    others = [],
    pairwise,
    keep = false,
    own: wanted = true,
  } = ask;
  const { metric, margin } = ask;
  core.requireIdle();
  if (others.length === 0) core.requireModel();
  const opened: Provider[] = [];
  let kept: AnswerFile | undefined;
  let finished = false;
  try {
    const own = wanted ? await openProviders(core) : null;
    for (const other of others) opened.push(await otherProvider(core.platform, other));
    const store = keep ? await core.platform.answers?.() : undefined;
    kept = store && (await openAnswers(store, `${await suiteHash(suite)}.jsonl`));
    const entries = labelled([...(own ? [own] : []), ...opened.map((base) => ({ base }))]);
    const arms = entries.flatMap((entry) => armsOf(entry, names.map(parseArm), contexts, entries.length > 1, kept));
    if (arms.length === 0) core.requireAdapter();
    const providers = [...new Map(arms.map(({ provider }) => [provider.name, provider])).values()];
    const plain = providers.some(({ chat }) => chat === false);
    const used = { ...settings, frame: settings.frame ?? suite.frame ?? (plain ? "plain" : "chat") };
    const declaration = await declare(
      suite,
      arms.map(({ name }) => name),
      used,
      entries.map(({ label }) => label).join(", "),
      {
        k,
        hashes: await hashesOf(
          core,
          entries,
          names.some((name) => parseArm(name).weights === "tuned"),
          contexts,
        ),
        ...(metric ? { metric } : {}),
        ...(margin ? { margin } : {}),
      },
    );
    const stop = new AbortController();
    core.state.run = { stopped: false, paused: undefined, onStop: () => stop.abort() } satisfies RunControl;
    const answers = await withSandbox(core, (sandbox) =>
      runArms(suite, arms, used, sandboxJudges(sandbox), onEvent, stop.signal),
    );
    finished =
      !stop.signal.aborted &&
      answers.every((arm) => arm.answers.every(({ status }) => status !== "error" && status !== "timeout"));
    const report = await makeReport(declaration, answers, await sanityArms(suite), suite.cases);
    if (!pairwise || stop.signal.aborted) return report;
    return {
      ...report,
      pairwise: await judged(suite, answers, judgeOf(entries, pairwise.by), pairwise.criteria, used.seed),
    };
  } finally {
    delete core.state.run;
    await kept?.close(finished);
    for (const provider of opened) await provider.release?.();
  }
}

/** Short names, each of its own. */
function labelled(entries: readonly Omit<Entry, "label">[]): Entry[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const short = entry.base.name.split("/").at(-1) ?? entry.base.name;
    const count = (seen.get(short) ?? 0) + 1;
    seen.set(short, count);
    return { ...entry, label: count === 1 ? short : `${short} #${count}` };
  });
}

function armsOf(
  { label, base, tuned }: Entry,
  arms: readonly Arm[],
  contexts: NonNullable<SuiteAsk["contexts"]>,
  several: boolean,
  kept: AnswerFile | undefined,
): ReadyArm[] {
  return arms.flatMap(({ name, weights, context }): ReadyArm[] => {
    const asked = weights === "tuned" ? tuned : base;
    if (!asked && several) return [];
    if (!asked) {
      throw new AppError("usage", "There is no adapter yet.", { hint: "Train one, or load one from its files." });
    }
    const provider = kept ? keeping(asked, kept) : asked;
    const arm = { provider, ...(several ? { name: `${label}: ${name}`, model: label } : { name }) };
    if (context === "none") return [{ ...arm, context: null }];
    const written = context === "previous" ? contexts.previous : contexts.skill;
    if (written === undefined) {
      const what = context === "previous" ? "the previous skill" : "a skill";
      throw new AppError("usage", `The arm ${name} needs ${what}.`, { hint: "Give the text of a SKILL.md." });
    }
    const { text } = inert(written, marksIn(written));
    const count = provider.countTokens;
    const encode = (words: string) => (count ? { length: count(words) } : roughTokens(words));
    return [{ ...arm, context: context === "placebo" ? placeboOf(text, encode) : text }];
  });
}

/** Of the open model and the texts before the question; of the others, what they are known by. */
async function hashesOf(
  { state }: Core,
  entries: readonly Entry[],
  tuned: boolean,
  { skill, previous }: NonNullable<SuiteAsk["contexts"]>,
): Promise<Record<string, string | null>> {
  const texts = { skill, previous };
  const own = state.model ? await contentHashes(state.model, tuned ? state : {}, texts) : await textHashes(texts);
  const others = state.model ? entries.slice(1) : entries;
  return { ...own, ...Object.fromEntries(others.map(({ label, base }) => [`Identity of ${label}`, base.id ?? null])) };
}

function judgeOf(entries: readonly Entry[], by: string): Provider {
  const found = entries.find(
    ({ label, base }) => label === by || base.name === by || base.name.startsWith(`${by} at `),
  );
  if (found) return found.base;
  throw new AppError("usage", `No model of this evaluation is called ${by}.`, {
    hint: `The judge is one of ${entries.map(({ label }) => label).join(", ")}.`,
  });
}

function judged(
  suite: Suite,
  answers: readonly ArmAnswers[],
  judge: Provider,
  criteria: string | undefined,
  seed: number,
) {
  return judgeArms(suite, pairsOf(answers), judge, criteria || CRITERIA, { seed });
}
