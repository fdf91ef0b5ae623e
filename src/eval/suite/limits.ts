/** What a suite from anywhere may be, and how its faults are told: all at once. */
import * as z from "zod/mini";
import { AppError } from "@/errors";

export const MOST_BYTES = 16e6;
export const MOST_CASES = 20_000;

export const text = z.string().check(z.maxLength(200_000));
export const shortText = z.string().check(z.maxLength(10_000));
export const files = z.record(z.string().check(z.maxLength(300)), text);

export function malformed(where: string, why: string): AppError {
  return new AppError("suite/malformed", `${where}: ${why}`, {
    hint: "Correct the file; docs/evaluate.md shows each format.",
  });
}

/** What the schema makes of a value; throws "suite/malformed" with the first fault and its place. */
export function accept<T extends z.ZodMiniType>(schema: T, value: unknown, where: string): z.infer<T> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed([where, ...(issue?.path ?? []).map(String)].join("."), issue?.message ?? "is not valid");
}

export function parseJson(source: string, where: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw malformed(where, error instanceof Error ? error.message : "is not JSON");
  }
}

export function parseLines(source: string, where: string): unknown[] {
  const lines = source.split(/\r?\n/).map((line, i) => ({ line: line.trim(), at: i + 1 }));
  return lines.flatMap(({ line, at }) => (line === "" ? [] : [parseJson(line, `${where}, line ${at}`)]));
}

/** What was asked for and is not known: listed by kind, refused together. */
export interface Refusals {
  add(what: string, where: string): void;
  /** Throws "suite/unsupported" when there is any. */
  settle(name: string): void;
}

export function createRefusals(): Refusals {
  const found = new Map<string, string[]>();
  return {
    add: (what, where) => found.set(what, [...(found.get(what) ?? []), where]),
    settle: (name) => {
      if (found.size === 0) return;
      const lines = [...found].map(([what, places]) => {
        const more = places.length > 3 ? `, … (${places.length} places)` : "";
        return `${what} (${places.slice(0, 3).join(", ")}${more})`;
      });
      throw new AppError("suite/unsupported", `${name} asks for what Burnish does not know: ${lines.join("; ")}.`, {
        hint: "A check that is left out would make the result look better than it is. Remove these, or replace them with types in docs/evaluate.md.",
      });
    },
  };
}
