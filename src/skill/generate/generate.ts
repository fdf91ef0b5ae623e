/**
 * A teacher writes a skill and, separately, cases; a student reads the skill and answers. Failures of one half of the cases
 * go back to the teacher; the report is on the other half, against no skill and a placebo.
 */
import { AppError } from "@/errors";
import type { Message, Provider } from "@/eval/provider";
import { type ArmAnswers, type Judges, type RunSettings, runArms } from "@/eval/run-arms";
import { questionText, type Suite } from "@/eval/suite";
import { readUpskill } from "@/eval/suite/upskill";
import type { SuiteReport } from "@/eval/suite-report";
import { checkSkill } from "../check";
import { composeSkill, inert } from "../compose";
import type { Finding } from "../finding";
import { type Answerer, measureSkill } from "../measure";
import { nameOf, type Skill } from "../skill";
import { keyOf, readCases, type WrittenCase } from "./cases";
import { readDraft } from "./draft";
import { type Halves, halvesOf } from "./halves";
import type { Material } from "./material";
import { casesPrompt, type Failure, refinePrompt, skillPrompt } from "./prompts";

export interface GenerateAsk {
  readonly task: string;
  readonly material: Material | null;
  /** Wanted in all; about half of them report. */
  readonly cases: number;
  /** Cases that are there already; then the teacher writes none. */
  readonly suite?: Suite;
  /** Of refining. */
  readonly rounds: number;
  /** Of the student. */
  readonly settings: RunSettings;
}

export interface GenerateEvent {
  readonly phase: "skill" | "cases" | "refine" | "report";
  readonly done: number;
  readonly total: number;
  readonly note: string;
}

/** A version of the skill, and what the student made of it on the refining half. */
export interface Round {
  readonly skill: Skill;
  readonly answers: ArmAnswers;
  readonly passed: number;
  readonly kept: boolean;
}

export interface Generated {
  readonly skill: Skill;
  readonly teacher: string;
  readonly cases: readonly WrittenCase[];
  readonly suite: Suite;
  readonly halves: Halves;
  readonly rounds: readonly Round[];
  readonly report: SuiteReport;
  /** Of the specification, of hidden text and of injection: a teacher is a stranger. */
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

const TRIES = 3;
const BATCH = 12;
const SHOWN = 8;

export async function generateSkill(
  ask: GenerateAsk,
  teacher: Provider,
  student: Answerer,
  judges: Judges,
  onEvent: (event: GenerateEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<Generated> {
  const { task, material, settings } = ask;
  const notes: string[] = [...(material?.notes ?? [])];
  const tell = (phase: GenerateEvent["phase"], done: number, total: number, note: string) =>
    onEvent({ phase, done, total, note });
  const say = (messages: readonly Message[], seed: number, temperature: number) =>
    asked(teacher, messages, seed, temperature, signal);

  tell("skill", 0, 1, "The teacher writes the skill.");
  const first = await drafted(task, material, say, settings.seed, notes);
  const tellCases = (done: number) => tell("cases", done, ask.cases, "The teacher writes cases.");
  const cases = ask.suite ? [] : await written(ask, say, notes, tellCases);
  const suite = ask.suite ?? readUpskill({ cases }, `cases of ${nameOf(first)}`);
  const halves = await halvesOf(suite, settings.seed);
  if (halves.refining.cases.length === 0 || halves.reporting.cases.length === 0) {
    throw new AppError(
      "suite/malformed",
      `${ask.suite ? "The suite has" : "The teacher wrote"} ${suite.cases.length} usable cases, too few for two halves.`,
      { hint: ask.suite ? "Give more cases." : "Ask for more cases, or another teacher." },
    );
  }

  const answer = async (skill: Skill): Promise<Round> => {
    const text = composeSkill(skill);
    const context = inert(text, student.marksIn(text)).text;
    const [answers] = await runArms(
      halves.refining,
      [{ name: "skill", provider: student.provider, context }],
      settings,
      judges,
      undefined,
      signal,
    );
    if (!answers) throw new AppError("internal", "No arm answered.");
    return { skill, answers, passed: answers.answers.filter(({ pass }) => pass).length, kept: true };
  };
  let best = await answer(first);
  const rounds = [best];
  for (let round = 1; round <= ask.rounds && !signal?.aborted; round++) {
    const total = best.answers.answers.length;
    tell("refine", round - 1, ask.rounds, `${best.passed} of ${total} pass.`);
    if (best.passed === total) break;
    const said = await settled(() =>
      say(
        refinePrompt(task, best.skill.source, failuresOf(best, halves.refining), total - best.passed, total),
        settings.seed + round,
        0,
      ),
    );
    const draft = said.ok ? readDraft(said.text, task, nameOf(best.skill)) : { ok: false as const, why: said.why };
    if (!draft.ok) {
      notes.push(`Round ${round} gave nothing: ${draft.why}`);
      continue;
    }
    notes.push(...draft.repairs.map((repair) => `Round ${round}: ${repair}`));
    const next = await answer(draft.skill);
    const kept = next.passed > best.passed;
    rounds.push({ ...next, kept });
    if (kept) best = next;
  }
  tell("report", 0, 1, "The half that no one has seen.");
  const { skill } = best;
  const measured = await measureSkill(
    skill,
    { suite: halves.reporting, settings },
    student,
    judges,
    (event) => tell("report", event.done, event.total, event.arm),
    signal,
  );
  const findings = checkSkill({ ...skill, folder: nameOf(skill) });
  return {
    ...{ skill, teacher: teacher.name, cases, suite, halves, rounds, report: measured.report, findings },
    notes: [...notes, ...measured.notes],
  };
}

type Say = (messages: readonly Message[], seed: number, temperature: number) => Promise<string>;

/** Throws "suite/malformed" when no answer can be used. */
async function drafted(
  task: string,
  material: Material | null,
  say: Say,
  seed: number,
  notes: string[],
): Promise<Skill> {
  let fault: string | null = null;
  for (let i = 0; i < TRIES; i++) {
    const draft = readDraft(await say(skillPrompt(task, material, fault), seed + i, i === 0 ? 0 : 0.7), task);
    if (draft.ok) {
      notes.push(...draft.repairs);
      return draft.skill;
    }
    fault = draft.why;
  }
  throw new AppError("suite/malformed", `The teacher wrote no skill that can be used: ${fault}`, {
    hint: "Try another teacher, or say the task more exactly.",
  });
}

async function written(
  { task, material, cases: wanted, settings }: GenerateAsk,
  say: Say,
  notes: string[],
  tell: (done: number) => void,
): Promise<WrittenCase[]> {
  const cases: WrittenCase[] = [];
  const dropped = new Map<string, number>();
  // A teacher that repeats itself is not asked for ever.
  for (let i = 0; cases.length < wanted && i < 2 * Math.ceil(wanted / BATCH) + 1; i++) {
    tell(cases.length);
    const known = cases.map(({ input }) => input);
    const prompt = casesPrompt(task, material, Math.min(BATCH, wanted - cases.length), known);
    const found = readCases(await say(prompt, settings.seed + 1000 + i, 0.7), new Set(known.map(keyOf)));
    cases.push(...found.cases.slice(0, wanted - cases.length));
    for (const [why, count] of Object.entries(found.dropped)) dropped.set(why, (dropped.get(why) ?? 0) + count);
  }
  for (const [why, count] of dropped) notes.push(`${count} written cases were left out: ${why}.`);
  if (cases.length < wanted) notes.push(`The teacher wrote ${cases.length} of ${wanted} cases.`);
  return cases;
}

function failuresOf({ answers }: Round, { cases }: Suite): Failure[] {
  const byId = new Map(cases.map((one) => [one.id, one]));
  return answers.answers
    .flatMap(({ caseId, pass, status, text, reason }): Failure[] => {
      const one = byId.get(caseId);
      if (pass || !one || status === "error" || status === "timeout") return [];
      return [
        {
          question: questionText(one).slice(0, 1000),
          wanted: one.expected ?? reason,
          answer: text.slice(0, 600) || "(nothing)",
        },
      ];
    })
    .slice(0, SHOWN);
}

/** Throws "network/failed". */
async function asked(
  teacher: Provider,
  messages: readonly Message[],
  seed: number,
  temperature: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const [said] = await teacher.complete([messages], {
    maxTokens: 4096,
    temperature,
    seed,
    ...(signal ? { signal } : {}),
  });
  if (said?.ok) return said.text;
  throw new AppError(
    "network/failed",
    `The teacher (${teacher.name}) did not answer: ${said?.message ?? "nothing came"}`,
    {
      hint: "Look whether the server runs and knows the model.",
    },
  );
}

async function settled(work: () => Promise<string>): Promise<{ ok: true; text: string } | { ok: false; why: string }> {
  try {
    return { ok: true, text: await work() };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}
