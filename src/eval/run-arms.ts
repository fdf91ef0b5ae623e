/**
 * Every arm answers every case as often as asked. The order of (case, repeat) is shuffled once and shared, so that answer i
 * of each arm has the same seed; which arm goes first changes from chunk to chunk.
 */
import { createRandom, shuffle } from "@/util/random";
import { type Frame, framed, type Place, type ReadyArm } from "./arms";
import { type CodeGrader, type CodeVerdict, judge } from "./assertions/judge";
import type { Completion, Price, Provider } from "./provider";
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
}

export interface ArmAnswers {
  readonly arm: string;
  readonly provider: string;
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
  const items = suite.cases.flatMap((one) =>
    Array.from({ length: settings.repeats }, (_, repeat) => ({ one, repeat })),
  );
  shuffle(items, random);
  const answers = new Map(arms.map((arm) => [arm, [] as Answer[]]));
  for (let from = 0; from < items.length && !signal?.aborted; from += CHUNK) {
    const chunk = items.slice(from, from + CHUNK);
    for (const arm of shuffle([...arms], random)) {
      const tell = (done: number) => onEvent({ arm: arm.name, done: from + done, total: items.length });
      answers.get(arm)?.push(...(await answerChunk(arm, chunk, from, settings, judges, tell, signal)));
    }
  }
  return arms.map((arm) => {
    const { name: provider, price } = arm.provider;
    return { arm: arm.name, provider, ...(price ? { price } : {}), answers: answers.get(arm) ?? [] };
  });
}

async function answerChunk(
  arm: ReadyArm,
  items: readonly Item[],
  from: number,
  settings: RunSettings,
  judges: Judges,
  tell: (done: number) => void,
  signal: AbortSignal | undefined,
): Promise<Answer[]> {
  const stoppable = signal ? { signal } : {};
  const free = items.filter(({ one }) => !one.choices);
  const prompts = free.map(({ one }) =>
    framed(questionOf(one), arm.context, one.code?.kind === "humaneval" ? "plain" : settings.frame, settings.place),
  );
  // A base model goes on to the next function; HumanEval's own harness ends there.
  const stop = free.every(({ one }) => one.code?.kind === "humaneval") ? AFTER_FUNCTION : [];
  let done = 0;
  const completions = await arm.provider.complete(prompts, {
    ...{ maxTokens: settings.maxTokens, temperature: settings.temperature, seed: settings.seed + from, ...stoppable },
    stop,
    onDone: () => tell(++done),
  });
  const said = new Map(free.map((item, i) => [item, completions[i]]));
  const found: Answer[] = [];
  for (const item of items) {
    const completion = said.get(item);
    // What was not asked, or not judged, because the run was stopped is no answer and no fault.
    if (completion && !completion.ok && completion.fault === "stopped") continue;
    if (signal?.aborted && (!completion || item.one.code)) continue;
    if (completion) found.push(await judged(item, completion, arm, prompts[free.indexOf(item)] ?? "", judges));
    else found.push(await chosen(item, arm, stoppable));
  }
  tell(items.length);
  return found;
}

async function judged(
  { one, repeat }: Item,
  completion: Completion,
  { provider }: ReadyArm,
  prompt: ReturnType<typeof framed>,
  judges: Judges,
): Promise<Answer> {
  const { latencyMs } = completion;
  const base = { caseId: one.id, repeat, latencyMs };
  if (!completion.ok) {
    const status = completion.fault === "timeout" ? "timeout" : "error";
    return { ...base, ...NOTHING, status, reason: completion.message };
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
  const needs = one.assert.some(
    ({ type, assert }) => type === "perplexity" || assert?.some((inner) => inner.type === "perplexity"),
  );
  const [likelihood] =
    (needs && typeof prompt === "string" && (await provider.likelihood?.([{ prompt, continuation: text }]))) || [];
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
  };
}

const FAILED = { pass: false, score: 0 };
const NOTHING = { text: "", pass: false, score: 0, promptTokens: null, completionTokens: null };

/** Multiple choice: the option with the highest log-likelihood per UTF-8 byte. */
async function chosen(
  { one, repeat }: Item,
  { provider, context }: ReadyArm,
  options: { signal?: AbortSignal },
): Promise<Answer> {
  const base = { caseId: one.id, repeat, ...NOTHING };
  const { options: texts, answer } = one.choices ?? { options: [], answer: -1 };
  const prompt = framed(questionOf(one), context, "plain") as string;
  const started = performance.now();
  const items = texts.map((text) => ({ prompt, continuation: ` ${text}` }));
  const found = await provider.likelihood?.(items, options);
  const latencyMs = performance.now() - started;
  if (!found) return { ...base, latencyMs, status: "error", reason: `${provider.name} tells no log-likelihood.` };
  const fault = found.find((item) => !item.ok);
  if (fault && !fault.ok)
    return { ...base, latencyMs, status: fault.fault === "timeout" ? "timeout" : "error", reason: fault.message };
  const rates = found.map((item, i) =>
    item.ok ? item.logprob / bytesOf(items[i]?.continuation ?? "") : Number.NEGATIVE_INFINITY,
  );
  const at = rates.indexOf(Math.max(...rates));
  const pass = at === answer;
  return {
    ...base,
    latencyMs,
    status: "ok",
    text: texts[at] ?? "",
    pass,
    score: Number(pass),
    reason: pass ? "The right choice." : "Another choice is likelier.",
  };
}

export interface TextLoss {
  readonly perplexity: number;
  readonly bitsPerByte: number;
  readonly tokens: number;
  readonly bytes: number;
  /** Texts that could not be scored. */
  readonly errors: number;
}

/** Of held-out text. The first word is given, not scored: not every model has a token to begin with. */
export async function textLoss(provider: Provider, texts: readonly string[]): Promise<TextLoss | null> {
  const items = texts.flatMap((text) => {
    const [, prompt, continuation] = /^(\s*\S+)(\s[\s\S]+)$/.exec(text) ?? [];
    return prompt && continuation?.trim() ? [{ prompt, continuation }] : [];
  });
  const found = await provider.likelihood?.(items);
  if (!found) return null;
  const scored = found.flatMap((item, i) =>
    item.ok ? [{ ...item, bytes: bytesOf(items[i]?.continuation ?? "") }] : [],
  );
  const sum = (of: (item: (typeof scored)[number]) => number) => scored.reduce((all, item) => all + of(item), 0);
  const [nats, tokens, bytes] = [-sum(({ logprob }) => logprob), sum((item) => item.tokens), sum((item) => item.bytes)];
  return {
    perplexity: Math.exp(nats / tokens),
    bitsPerByte: nats / Math.LN2 / bytes,
    tokens,
    bytes,
    errors: found.length - scored.length,
  };
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;
