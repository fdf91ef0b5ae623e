/**
 * A parsed value made safe for every later stage: nested no deeper than they recurse, no key that reaches a prototype, no
 * half characters, which no tokenizer can write, and nothing but JSON's own types.
 */
const MAX_DEPTH = 64;

export interface Cleaned {
  readonly value: unknown;
  /** A key named __proto__ was left out somewhere. */
  readonly proto: boolean;
  /** What makes the row unusable, in one sentence. */
  readonly fault?: string;
}

/** May change the value in place. */
export function clean(value: unknown): Cleaned {
  const seen = { proto: false, fault: "" };
  const result = visit(value, 1, seen);
  return { value: result, proto: seen.proto, ...(seen.fault === "" ? {} : { fault: seen.fault }) };
}

function visit(value: unknown, depth: number, seen: { proto: boolean; fault: string }): unknown {
  if (typeof value === "string") {
    if (seen.fault === "" && !isWellFormed(value)) seen.fault = "The row holds half a character (a lone surrogate).";
    return value;
  }
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) {
    seen.fault = `The row is nested more than ${MAX_DEPTH} deep.`;
    return null;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return null;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = visit(value[i], depth + 1, seen);
    return value;
  }
  const record = value as Record<string, unknown>;
  if (Object.hasOwn(record, "__proto__")) {
    Reflect.deleteProperty(record, "__proto__");
    seen.proto = true;
  }
  for (const key of Object.keys(record)) {
    const inner = record[key];
    if (typeof inner === "string" || typeof inner === "object" || typeof inner === "bigint") {
      const next = visit(inner, depth + 1, seen);
      if (next !== inner) record[key] = next;
    }
  }
  return value;
}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const native = (String.prototype as { isWellFormed?: (this: string) => boolean }).isWellFormed;

function isWellFormed(text: string): boolean {
  return native ? native.call(text) : !LONE.test(text);
}

export const PROTO_NOTE =
  "A column named __proto__ was left out: it would reach into the program rather than hold data.";
