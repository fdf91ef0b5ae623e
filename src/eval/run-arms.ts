/**
 * Every arm answers every case as often as asked. The order of (case, repeat) is shuffled once and shared, so that answer i
 * of each arm has the same seed; which arm goes first changes from chunk to chunk.
 */
import { createRandom, shuffle } from "@/util/random";
import { type Frame, framed, type Place, type ReadyArm } from "./arms";
import { type CodeGrader, type CodeVerdict, judge } from "./assertions/judge";
import { type Choice, choose } from "./likelihood";
import type { Completion, Likelihood, Price, Prompt } from "./provider";
import { type Case, type CodeTask, questionOf, type Suite } from "./suite";

export interface RunSettings {
  readonly seed: number;
  readonly repeats: number;
  /** 0: greedy; repeats then tell nothing new. */
  readonly temperature: number;
  readonly maxTokens: number;
  readonly frame: Frame;
  /** Of the text before the question; a system turn unless said otherwise. */
  readonly place?: Place;
}

/**
 * ok: answered and judged. Only ok, empty and truncated answers can pass; timeout and error say nothing of the model.
 * code-timeout, code-error: what the model wrote ran into its limit, or broke the sandbox's rules, and so has failed.
 */
export type AnswerStatus = "ok" | "empty" | "truncated" | "timeout" | "error" | "code-timeout" | "code-error";

export interface Answer {
  readonly caseId: string;
  readonly repeat: number;
  readonly status: AnswerStatus;
  readonly text: string;
  readonly pass: boolean;
  readonly score: number;
  readonly reason: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly latencyMs: number;
  /** Of assertions that the suite names a metric for, 0 to 1. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Not had, and worth asking for again. */
  readonly again?: true;
}

export interface ArmAnswers {
  readonly arm: string;
  readonly provider: string;
  /** Where several models are compared: whose arm it is. */
  readonly model?: string;
  readonly price?: Price;
  readonly answers: readonly Answer[];
}

/** What judges besides text; absent: cases that need it are errors. */
export interface Judges {
  readonly runCode?: CodeGrader;
  /** A completion of a code task → whether its tests pass. */
  readonly runTask?: (task: CodeTask, completion: string) => Promise<CodeVerdict>;
}

export interface RunEvent {
  readonly arm: string;
  readonly done: number;
  readonly total: number;
}

interface Item {
  readonly one: Case;
  readonly repeat: number;
  /** Its place in the shuffled order, which is also its seed in every arm. */
  readonly key: number;
}

/** Cases that every arm has answered before the next are asked: what a run that is stopped leaves behind in pairs. */
const CHUNK = 64;
const AFTER_FUNCTION = ["\nclass", "\ndef", "\n#", "\nif", "\nprint"];

export async function runArms(
  suite: Suite,
  arms: readonly ReadyArm[],
  settings: RunSettings,
  judges: Judges,
  onEvent: (event: RunEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<ArmAnswers[]> {
  const random = createRandom(settings.seed, 0xa6);
  const order = suite.cases.flatMap((one) =>
    Array.from({ length: settings.repeats }, (_, repeat) => ({ one, repeat })),
  );
  shuffle(order, random);
  const items = order.map((item, key): Item => ({ ...item, key }));
  const answers = new Map(arms.map((arm) => [arm, [] as Answer[]]));
  for (let from = 0; from < items.length && !signal?.aborted; from += CHUNK) {
    const chunk = items.slice(from, from + CHUNK);
    for (const arm of shuffle([...arms], random)) {
      const tell = (done: number) => onEvent({ arm: arm.name, done: from + done, total: items.length });
      answers.get(arm)?.push(...(await answerChunk(arm, chunk, settings, judges, tell, signal)));
    }
  }
  return arms.map((arm) => ({
    ...{ arm: arm.name, provider: arm.provider.name },
    ...(arm.model === undefined ? {} : { model: arm.model }),
    ...(arm.provider.price ? { price: arm.provider.price } : {}),
    answers: answers.get(arm) ?? [],
  }));
}

async function answerChunk(
  arm: ReadyArm,
  items: readonly Item[],
  settings: RunSettings,
  judges: Judges,
  tell: (done: number) => void,
  signal: AbortSignal | undefined,
): Promise<Answer[]> {
  const stoppable = signal ? { signal } : {};
  const free = items.filter(({ one }) => !one.choices);
  const frameOf = ({ plain }: Case) => (plain ? "plain" : settings.frame);
  const prompts = free.map(({ one }) => framed(asked(one, frameOf(one)), arm.context, frameOf(one), settings.place));
  // A model that goes on with the text goes on to the next function; HumanEval's own harness ends there.
  const continued = settings.frame === "plain" && free.every(({ one }) => one.code?.kind === "humaneval");
  const stop = continued ? AFTER_FUNCTION : [];
  let done = 0;
  const completions = await arm.provider.complete(prompts, {
    ...{ maxTokens: settings.maxTokens, temperature: settings.temperature, seed: settings.seed, ...stoppable },
    keys: free.map(({ key }) => key),
    stop,
    onDone: () => tell(++done),
  });
  // What was not asked, or not judged, because the run was stopped is no answer and no fault.
  const stopped = (one: { ok: boolean; fault?: string } | undefined) => one?.ok === false && one.fault === "stopped";
  const likelihoods = await likelihoodsOf(arm, free, prompts, completions, stoppable);
  const closed = items.filter(({ one }) => one.choices);
  const choices = signal?.aborted
    ? []
    : await choose(
        closed.map(({ one }) => one),
        arm,
        stoppable,
      );
  const found = new Map<Item, Answer>();
  for (const [i, item] of free.entries()) {
    const completion = completions[i];
    if (!completion || stopped(completion) || (signal?.aborted && item.one.code)) continue;
    found.set(item, await judged(item, completion, likelihoods[i], judges));
  }
  for (const [i, item] of closed.entries()) {
    const choice = choices[i];
    if (choice && !stopped(choice)) found.set(item, chosen(item, choice));
  }
  tell(items.length);
  return items.flatMap((item) => found.get(item) ?? []);
}

const needsLikelihood = ({ assert }: Case) =>
  assert.some((one) => one.type === "perplexity" || one.assert?.some(({ type }) => type === "perplexity"));

/** Of the answers that an assertion judges by their perplexity, in one batch; undefined for all others. */
async function likelihoodsOf(
  { provider }: ReadyArm,
  items: readonly Item[],
  prompts: readonly Prompt[],
  completions: readonly Completion[],
  stoppable: { signal?: AbortSignal },
): Promise<(Likelihood | undefined)[]> {
  const wanted = items.flatMap(({ one }, i) => {
    const completion = completions[i];
    const asked = needsLikelihood(one) && completion?.ok && completion.text !== "";
    return asked ? [{ i, prompt: prompts[i] ?? "", continuation: completion.text }] : [];
  });
  const found = wanted.length === 0 ? [] : await provider.likelihood?.(wanted, stoppable);
  const byItem = new Map(wanted.map(({ i }, at) => [i, found?.[at]]));
  return items.map((_, i) => byItem.get(i));
}

/** A model that answers is told what to do with HumanEval's half of a function; others see it as it stands. */
function asked(one: Case, frame: Frame): ReturnType<typeof questionOf> {
  if (one.code?.kind !== "humaneval" || frame === "plain") return questionOf(one);
  return `Complete this Python function. Answer with the whole function in one code block.\n\n\`\`\`python\n${one.code.prompt}\n\`\`\``;
}

async function judged(
  { one, repeat }: Item,
  completion: Completion,
  likelihood: Likelihood | undefined,
  judges: Judges,
): Promise<Answer> {
  const { latencyMs } = completion;
  const base = { caseId: one.id, repeat, latencyMs };
  if (!completion.ok) {
    const status = completion.fault === "timeout" ? "timeout" : "error";
    const again = completion.again ? { again: completion.again } : {};
    return { ...base, ...NOTHING, status, reason: completion.message, ...again };
  }
  const { text, promptTokens, completionTokens } = completion;
  const status = text.trim() === "" ? "empty" : completion.truncated ? "truncated" : "ok";
  const told = { ...base, text, promptTokens, completionTokens };
  if (one.code) {
    const verdict = await judges.runTask?.(one.code, text);
    if (!verdict) return { ...told, ...FAILED, status: "error", reason: "There is nothing here to run code with." };
    const { kind, score, reason } = verdict;
    if (kind === "timeout" || kind === "error") return { ...told, ...FAILED, status: `code-${kind}`, reason };
    return { ...told, status, pass: kind === "pass", score, reason };
  }
  const needs = needsLikelihood(one) && text !== "";
  const context = { vars: one.vars ?? {}, ...(likelihood?.ok ? { likelihood } : {}) };
  const grade = await judge(text, one.assert, one.threshold, context, judges.runCode ?? null);
  const failed = grade.error || (needs && !likelihood?.ok) || one.assert.length === 0;
  const reason =
    one.assert.length === 0 ? "Its assertions are prose: a person or a model must judge them." : grade.reason;
  return {
    ...told,
    status: grade.late ? "timeout" : failed ? "error" : status,
    pass: !failed && grade.pass,
    score: failed ? 0 : grade.score,
    reason,
    ...(failed || Object.keys(grade.metrics).length === 0 ? {} : { metrics: grade.metrics }),
  };
}

const FAILED = { pass: false, score: 0 };
const NOTHING = { text: "", pass: false, score: 0, promptTokens: null, completionTokens: null };

function chosen({ one, repeat }: Item, choice: Choice): Answer {
  const base = { caseId: one.id, repeat, ...NOTHING, latencyMs: choice.latencyMs };
  if (!choice.ok) {
    return { ...base, status: choice.fault === "timeout" ? "timeout" : "error", reason: choice.message };
  }
  const pass = choice.at === one.choices?.answer;
  const reason = pass ? "The right choice." : "Another choice is likelier.";
  return { ...base, status: "ok", text: choice.text, pass, score: Number(pass), reason };
}
