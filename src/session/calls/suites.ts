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
import { textHashes } from "@/eval/text-hashes";
import { contentHashes } from "@/session/content-hashes";
import type { RunControl } from "@/session/control";
import type { Core } from "@/session/core";
import { type OtherModel, openProviders, otherProvider } from "@/session/eval-providers";
import { type AnswerFile, allHad, openAnswers } from "@/session/kept-answers";
import { withSandbox } from "@/session/sandboxed";
import { generalLosses, measureText, type TextAsk, type TextMeasure } from "@/session/text-loss";
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
  /** Also the loss on bundled general text, base and tuned: what may have been forgotten. */
  readonly general?: boolean;
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
  /** Absent for the adapter of a kept run, whose base is the open model. */
  readonly base?: Provider;
  readonly tuned?: Provider;
}

async function evaluateSuite(core: Core, ask: SuiteAsk, onEvent: (event: RunEvent) => void): Promise<SuiteReport> {
  const {
    suite,
    arms: names,
    settings,
    k,
    contexts: written = {},
    others = [],
    pairwise,
    keep = false,
    own: wanted = true,
  } = ask;
  const { metric, margin, general } = ask;
  const contexts = asSent(written);
  core.requireIdle();
  if (others.length === 0) core.requireModel();
  const opened: Provider[] = [];
  let kept: AnswerFile | undefined;
  let finished = false;
  try {
    const own = wanted ? await openProviders(core) : null;
    const added: Omit<Entry, "label">[] = [];
    for (const other of others) {
      const provider = await otherProvider(core, other);
      opened.push(provider);
      added.push(other.kind === "run" ? { tuned: provider } : { base: provider });
    }
    const store = keep ? await core.platform.answers?.() : undefined;
    kept = store && (await openAnswers(store, `${await suiteHash(suite)}.jsonl`));
    const entries = labelled([...(own ? [own] : []), ...added]);
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
          own !== null,
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
    finished = !stop.signal.aborted && allHad(answers);
    const report = await makeReport(declaration, answers, await sanityArms(suite), suite.cases);
    if (stop.signal.aborted) return report;
    return {
      ...report,
      ...(general ? await generalLosses(core.platform, entries, used.seed) : {}),
      ...(pairwise
        ? { pairwise: await judged(suite, answers, judgeOf(entries, pairwise.by), pairwise.criteria, used.seed) }
        : {}),
    };
  } finally {
    delete core.state.run;
    await kept?.close(finished);
    for (const provider of opened) await provider.release?.();
  }
}

/** Marks of a chat template in them are plain text; so they are sent, and so they are hashed. */
function asSent(contexts: NonNullable<SuiteAsk["contexts"]>): NonNullable<SuiteAsk["contexts"]> {
  const pairs = Object.entries(contexts).map(([name, text]: [string, string]) => [
    name,
    inert(text, marksIn(text)).text,
  ]);
  return Object.fromEntries(pairs);
}

function providerOf({ base, tuned }: Omit<Entry, "label">): Provider {
  const found = base ?? tuned;
  if (!found) throw new Error("internal: an entry without anyone who answers");
  return found;
}

/** Short names, each of its own. */
function labelled(entries: readonly Omit<Entry, "label">[]): Entry[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const { name } = providerOf(entry);
    const short = name.split("/").at(-1) ?? name;
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
    const text = context === "previous" ? contexts.previous : contexts.skill;
    if (text === undefined) {
      const what = context === "previous" ? "the previous skill" : "a skill";
      throw new AppError("usage", `The arm ${name} needs ${what}.`, { hint: "Give the text of a SKILL.md." });
    }
    const count = provider.countTokens;
    const encode = (words: string) => (count ? { length: count(words) } : roughTokens(words));
    return [{ ...arm, context: context === "placebo" ? placeboOf(text, encode) : text }];
  });
}

/** Of the open model, where it is `asked`, and the texts before the question; of the others, what they are known by. */
async function hashesOf(
  { state }: Core,
  entries: readonly Entry[],
  asked: boolean,
  tuned: boolean,
  { skill, previous }: NonNullable<SuiteAsk["contexts"]>,
): Promise<Record<string, string | null>> {
  const texts = { skill, previous };
  const own =
    asked && state.model ? await contentHashes(state.model, tuned ? state : {}, texts) : await textHashes(texts);
  const others = asked ? entries.slice(1) : entries;
  const ids = others.map((entry) => [`Identity of ${entry.label}`, providerOf(entry).id ?? null]);
  return { ...own, ...Object.fromEntries(ids) };
}

function judgeOf(entries: readonly Entry[], by: string): Provider {
  const found = entries.find((entry) => {
    const { name } = providerOf(entry);
    return entry.label === by || name === by || name.startsWith(`${by} at `);
  });
  if (found) return providerOf(found);
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
