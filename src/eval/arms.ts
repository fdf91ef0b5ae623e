/**
 * Who is compared: weights (base or tuned) times what stands before the question (nothing, the skill, another version of
 * it, or a placebo). All arms get the same cases in the same order, the same frame and the same seeds.
 */
import { AppError } from "@/errors";
import type { Message, Prompt, Provider } from "./provider";

export type Context = "none" | "skill" | "placebo" | "previous";

export interface Arm {
  readonly name: string;
  readonly weights: "base" | "tuned";
  readonly context: Context;
}

/** "base", "tuned", "skill" (base+skill), "tuned+skill", "placebo", "tuned+placebo", "previous" … Throws "usage". */
export function parseArm(name: string): Arm {
  const parts = name.split("+");
  const weights = parts[0] === "tuned" ? "tuned" : "base";
  const rest = parts[0] === "tuned" || parts[0] === "base" ? parts.slice(1) : parts;
  const [context = "none"] = rest;
  if (rest.length <= 1 && ["none", "skill", "placebo", "previous"].includes(context)) {
    return { name, weights, context: context as Context };
  }
  throw new AppError("usage", `There is no arm "${name}".`, {
    hint: "Arms are base, tuned, skill, placebo, previous, tuned+skill, tuned+placebo and tuned+previous.",
  });
}

/** An arm that can answer. */
export interface ReadyArm {
  readonly name: string;
  /** Where several models are compared: whose arm it is. Each model's first arm is its own baseline. */
  readonly model?: string;
  readonly provider: Provider;
  /** The skill's or placebo's text; null: nothing. */
  readonly context: string | null;
}

/** "chat" asks through the model's template, "plain" continues the text. */
export type Frame = "chat" | "plain";

/** Where the context stands: a system turn before all, or the top of the first user's turn. */
export type Place = "system" | "user";

export function framed(question: Prompt, context: string | null, frame: Frame, place: Place = "system"): Prompt {
  if (frame === "plain") {
    const text = typeof question === "string" ? question : question.map(({ content }) => content).join("\n\n");
    return context === null ? text : `${context}\n\n${text}`;
  }
  const messages: readonly Message[] = typeof question === "string" ? [{ role: "user", content: question }] : question;
  if (context === null) return messages;
  const [first, ...rest] = messages;
  const user = messages.findIndex(({ role }) => role === "user");
  if (place === "user" && user >= 0) {
    return messages.map((message, i) =>
      i === user ? { ...message, content: `${context}\n\n${message.content}` } : message,
    );
  }
  if (first?.role !== "system") return [{ role: "system", content: context }, ...messages];
  return [{ role: "system", content: `${first.content}\n\n${context}` }, ...rest];
}

const FILLER =
  "The harbour was built of grey stone two hundred years ago. Boats bring fish in the morning and leave again before noon. " +
  "In winter the wind comes from the north and the nets are mended indoors. A narrow road leads up to the church, past gardens " +
  "with apple trees and low walls. On market days people come from the farms to sell cheese, wool and honey. ";

/** About as many tokens as most tokenizers make, for who does not tell: words, numbers and signs, long words in pieces. */
export const roughTokens = (text: string): { readonly length: number } => ({
  length: text.match(/\p{L}{1,8}|\p{N}{1,3}|[^\s\p{L}\p{N}]/gu)?.length ?? 0,
});

/** Text about nothing that matters, of as many tokens as the skill: what mere length does. */
export function placeboOf(skill: string, encode: (text: string) => { readonly length: number }): string {
  const wanted = encode(skill).length;
  const words = FILLER.trim().split(" ");
  const made: string[] = [];
  let low = 0;
  let high = Math.max(8, wanted * 2);
  for (let i = 0; i < high; i++) made.push(words[i % words.length] ?? "");
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (encode(made.slice(0, middle).join(" ")).length <= wanted) low = middle;
    else high = middle - 1;
  }
  return made.slice(0, low).join(" ");
}
