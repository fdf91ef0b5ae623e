/**
 * Does a skill help? The same model on the same cases without it, with it, and with a text about something else of the same
 * length; on demand once more without each of its parts.
 */
import { AppError } from "@/errors";
import type { Ablation } from "@/eval/ablation";
import { placeboOf, type ReadyArm } from "@/eval/arms";
import type { Provider } from "@/eval/provider";
import { type ArmAnswers, type Judges, type RunEvent, type RunSettings, runArms } from "@/eval/run-arms";
import { sanityArms } from "@/eval/sanity";
import type { Suite } from "@/eval/suite";
import { type Choices, declare, makeReport, type SuiteReport } from "@/eval/suite-report";
import { textHashes } from "@/eval/text-hashes";
import { ablate, callsOf, type Part, partsOf } from "./ablate";
import { composeSkill, inert, type SkillChoice } from "./compose";
import type { Skill } from "./skill";

export interface Answerer {
  readonly provider: Provider;
  /** Of its weights and whatever else it is, by label, for the report. */
  readonly hashes?: NonNullable<Choices["hashes"]>;
  /** Of its own tokenizer, or an estimate. */
  readonly encode: (text: string) => { readonly length: number };
  /** Marks of its chat template that a skill must not spell. */
  readonly marksIn: (text: string) => readonly string[];
}

export interface MeasureAsk {
  readonly suite: Suite;
  readonly settings: RunSettings;
  readonly choice?: SkillChoice;
  readonly ablate?: "sections" | "paragraphs";
  /** Answers that leaving out may take; more are refused before the first. */
  readonly mostCalls?: number;
  readonly previous?: Skill;
  readonly choices?: Choices;
}

export interface SkillReport {
  /** With what leaving out each part did, where that was asked. */
  readonly report: SuiteReport;
  readonly notes: readonly string[];
}

export const MOST_CALLS = 5_000;

export async function measureSkill(
  skill: Skill,
  ask: MeasureAsk,
  { provider, hashes, encode, marksIn }: Answerer,
  judges: Judges,
  onEvent: (event: RunEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<SkillReport> {
  const { suite, settings, choice, previous, choices } = ask;
  const written = composeSkill(skill, choice);
  if (written === "")
    throw new AppError("usage", "Nothing of the skill reaches the model.", { hint: "Choose its body, or files." });
  const safe = (text: string) => inert(text, marksIn(text)).text;
  const arm = (name: string, context: string | null): ReadyArm => ({ name, provider, context });
  const text = safe(written);
  const parts = ask.ablate ? budgeted(partsOf(skill, ask.ablate, choice), suite, settings, ask.mostCalls) : [];
  const before = previous ? { previous: safe(composeSkill(previous, choice)) } : {};
  const main = [
    ...[arm("base", null), arm("skill", text), arm("placebo", placeboOf(text, encode))],
    ...Object.entries(before).map(([name, context]) => arm(name, context)),
  ];
  const reduced = parts.map(({ arm: name, rest }) => arm(name, rest === "" ? null : safe(rest)));
  const declared = await declare(
    suite,
    main.map(({ name }) => name),
    settings,
    provider.name,
    { ...choices, hashes: { ...hashes, ...choices?.hashes, ...(await textHashes({ skill: text, ...before })) } },
  );
  const answers = await runArms(suite, [...main, ...reduced], settings, judges, onEvent, signal);
  const [first, rest] = [answers.slice(0, main.length), answers.slice(main.length)];
  const report = await makeReport(declared, first, await sanityArms(suite), suite.cases);
  const ablation = ablationOf(skill, parts, first, rest, settings);
  const marks = marksIn(written);
  return {
    report: ablation ? { ...report, ablation } : report,
    notes:
      marks.length > 0
        ? [`The skill spells marks of the chat template (${marks.join(" ")}); they were given as plain text.`]
        : [],
  };
}

function ablationOf(
  skill: Skill,
  parts: readonly Part[],
  main: readonly ArmAnswers[],
  rest: readonly ArmAnswers[],
  { seed }: RunSettings,
): Ablation | null {
  const whole = main.find(({ arm }) => arm === "skill");
  return whole && parts.length > 0 ? ablate(skill, parts, whole, rest, seed) : null;
}

/** Throws "usage" that tells the number. */
function budgeted(
  parts: readonly Part[],
  { cases }: Suite,
  { repeats }: RunSettings,
  most = MOST_CALLS,
): readonly Part[] {
  const calls = callsOf(parts.length, cases.length, repeats);
  if (calls <= most) return parts;
  throw new AppError("usage", `Leaving out ${parts.length} parts asks ${calls} times; at most ${most} were allowed.`, {
    hint: "Use fewer cases or repeats, leave out sections rather than paragraphs, or allow more.",
  });
}
