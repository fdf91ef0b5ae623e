/**
 * Whether an export says what the model in the page says. A reader that shares nothing with the writer opens the files
 * and answers the same prompts; tokens, probabilities, words and the pass rate must agree as well as the format allows.
 */
import type { ExportQuant } from "@/worker/api/export";
import type { SelfTest, SelfTestCheck, TokenLead } from "@/worker/api/self-test";

/** What one side says of one prompt. */
export interface Said {
  /** Greedy. */
  readonly text: string;
  /** Likeliest first. */
  readonly next: readonly TokenLead[];
}

export interface SelfTestInput {
  /** What read the files: "llama.cpp in WebAssembly". */
  readonly reader: string;
  readonly quant: ExportQuant | null;
  /** How the weights lie in the page, "f32": the comparison is as coarse as the coarser side. */
  readonly pageFormat: string;
  readonly prompts: readonly string[];
  readonly ours: readonly Said[];
  readonly theirs: readonly Said[];
  /** Texts that part where the two likeliest tokens are closer than NEAR_TIE. */
  readonly nearTies?: number;
  /** A conversation through both templates, where the format carries one. */
  readonly rendered?: { readonly ours: string; readonly theirs: string };
  /** Held-out cases that each side passed, where there are any. */
  readonly cases?: { readonly n: number; readonly ours: number; readonly theirs: number } | undefined;
}

/** Differences of log-probability that a format explains; measured on tiny and small models, with room. */
const TOLERANCES: Readonly<Record<string, number>> = {
  f32: 0.02,
  f16: 0.1,
  bf16: 0.4,
  q8_0: 0.6,
  q8: 0.6,
  q6_k: 1,
  q5_k: 1.5,
  q5_0: 1.5,
  q5_1: 1.5,
};
const COARSEST = 2.5;
/** Logits as close as this may swap places by rounding alone. */
export const NEAR_TIE = 0.05;
/** Tokens that are compared: of the others no one would say them. */
const COMPARED = 5;

const tolerance = (format: string) => TOLERANCES[format.replace(/_m$/, "")] ?? COARSEST;

export function compareSides(input: SelfTestInput): SelfTest {
  const formats = [input.quant ?? "f32", ...input.pageFormat.split(" + ")];
  const allowed = Math.max(...formats.map(tolerance));
  const checks = [probabilities(input, allowed), texts(input, allowed), ...template(input), ...passes(input, allowed)];
  return { reader: input.reader, checks, passed: checks.every(({ passed }) => passed) };
}

/** Tokens and template included: another reading of the prompt would show here first. */
function probabilities({ ours, theirs }: SelfTestInput, allowed: number): SelfTestCheck {
  let worst = 0;
  ours.forEach(({ next }, i) => {
    const found = new Map(theirs[i]?.next.map(({ token, logProbability }) => [token, logProbability]));
    const lowest = Math.min(...found.values());
    for (const { token, logProbability } of next.slice(0, COMPARED)) {
      // A token that the reader does not list is less likely there than all that it lists.
      const other = found.get(token) ?? Math.min(lowest, logProbability);
      worst = Math.max(worst, Math.abs(other - logProbability));
    }
    const first = next[0];
    if (first && !found.has(first.token)) worst = Number.POSITIVE_INFINITY;
  });
  const found = Number.isFinite(worst) ? worst.toPrecision(2) : "beyond comparison";
  const what = `log-probabilities of the next token after ${ours.length} prompts differ by at most ${found} (allowed ${allowed})`;
  return { what, passed: ours.length > 0 && theirs.length === ours.length && worst <= allowed };
}

/** Greedy texts part where two words are about equally likely, so a coarse format may part early. */
function texts({ ours, theirs, nearTies = 0 }: SelfTestInput, allowed: number): SelfTestCheck {
  const same = ours.filter(({ text }, i) => text.trim() === theirs[i]?.text.trim()).length;
  const needed = allowed <= 0.1 ? ours.length - nearTies : 0;
  const silent = theirs.filter(({ text }, i) => text.trim() === "" && ours[i]?.text.trim() !== "").length;
  const what = `greedy texts are the same for ${same} of ${ours.length} prompts${nearTies > 0 ? `, ${nearTies} part where two words are equally likely` : ""}${needed > 0 ? ` (needed ${needed})` : ""}`;
  return { what, passed: same >= needed && silent <= ours.length / 4 };
}

function template({ rendered }: SelfTestInput): SelfTestCheck[] {
  if (!rendered) return [];
  return [{ what: "the chat template renders a conversation alike", passed: rendered.ours === rendered.theirs }];
}

function passes({ cases }: SelfTestInput, allowed: number): SelfTestCheck[] {
  if (!cases || cases.n === 0) return [];
  const lost = allowed <= 0.1 ? Math.max(1, 0.05 * cases.n) : Math.max(2, 0.2 * cases.n);
  const what = `${cases.theirs} of ${cases.n} held-out cases pass, ${cases.ours} in Burnish`;
  return [{ what, passed: cases.ours - cases.theirs <= lost }];
}
