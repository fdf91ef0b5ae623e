/**
 * The part of promptfoo's YAML that decides the same every time: prompts with {{variables}}, defaultTest, tests, and the
 * assertions of `assertions/assertion.ts`. Each prompt × test is a case. Whatever else would change a result is refused.
 */
import * as z from "zod/mini";
import type { Case, Suite } from "../suite";
import { accept, createRefusals, MOST_CASES, malformed, type Refusals, shortText, text } from "./limits";
import { readAssertion } from "./read-assertion";
import { parseYaml, writeYaml } from "./yaml";

const Test = z.looseObject({
  description: z.optional(shortText),
  vars: z.optional(z.record(z.string(), z.unknown())),
  assert: z.optional(z.array(z.unknown()).check(z.maxLength(256))),
  threshold: z.optional(z.number()),
  metadata: z.optional(z.unknown()),
});
const File = z.looseObject({
  description: z.optional(shortText),
  prompts: z._default(z.union([text, z.array(z.unknown())]), ["{{prompt}}"]),
  defaultTest: z.optional(Test),
  tests: z.array(Test).check(z.maxLength(MOST_CASES)),
});
/** Providers are arms, which the run chooses; the rest only describes or is kept elsewhere. */
const TOP_KEYS = new Set([
  ...Object.keys(File.shape),
  "providers",
  "targets",
  "tags",
  "outputPath",
  "sharing",
  "$schema",
]);
const TEST_KEYS = new Set(Object.keys(Test.shape));

export function readPromptfoo(source: string, name: string): Suite {
  const raw = parseYaml(source, name);
  const { prompts: written, defaultTest = {}, tests } = accept(File, raw, name);
  const refusals = createRefusals();
  for (const key of Object.keys(raw as object)) if (!TOP_KEYS.has(key)) refusals.add(`"${key}"`, "top of the file");
  const prompts = [written].flat().flatMap((prompt, i) => {
    if (typeof prompt === "string" && !/^file:|\.(txt|json|ya?ml|js|ts|py|md)$/.test(prompt.trim())) return [prompt];
    refusals.add("a prompt in another file or with options", `prompt ${i + 1}`);
    return [];
  });
  if (prompts.length * tests.length > MOST_CASES) throw malformed(name, `gives more than ${MOST_CASES} cases`);
  const cases = prompts.flatMap((prompt, p) =>
    tests.map((test, t): Case => {
      const where = `test ${t + 1}`;
      for (const key of Object.keys(test)) if (!TEST_KEYS.has(key)) refusals.add(`test key "${key}"`, where);
      const vars: Record<string, unknown> = { ...defaultTest.vars, ...test.vars };
      checkVars(vars, where, refusals);
      const threshold = test.threshold ?? defaultTest.threshold;
      const asserted = [...(defaultTest.assert ?? []), ...(test.assert ?? [])];
      if (asserted.length === 0) refusals.add("a test without an assertion", where);
      const assert = asserted.flatMap((item) => readAssertion(fillDeep(item, vars, where, refusals), where, refusals));
      return {
        id: test.description ?? (prompts.length > 1 ? `${t + 1}.${p + 1}` : String(t + 1)),
        ...{ input: fill(prompt, vars, where, refusals), vars, assert, tags: tagsOf(test.metadata) },
        ...(threshold === undefined ? {} : { threshold }),
      };
    }),
  );
  refusals.settle(name);
  return { name, format: "promptfoo", cases: unique(cases) };
}

/** Descriptions need not differ; ids must. */
export function unique(cases: readonly Case[]): Case[] {
  const seen = new Map<string, number>();
  return cases.map((one) => {
    const times = (seen.get(one.id) ?? 0) + 1;
    seen.set(one.id, times);
    return times === 1 ? one : { ...one, id: `${one.id} (${times})` };
  });
}

function checkVars(vars: Readonly<Record<string, unknown>>, where: string, refusals: Refusals): void {
  for (const [name, value] of Object.entries(vars)) {
    if (Array.isArray(value)) refusals.add(`a list as variable "${name}" (many tests in one)`, where);
    if (typeof value === "string" && value.startsWith("file://")) refusals.add("a variable in another file", where);
  }
}

const tagsOf = (metadata: unknown): string[] =>
  typeof metadata === "object" && metadata !== null
    ? Object.entries(metadata).map(([key, value]) => `${key}: ${String(value)}`.slice(0, 100))
    : [];

/** {{name}} only: filters and statements of the template language are refused. */
export function fill(
  template: string,
  vars: Readonly<Record<string, unknown>>,
  where: string,
  refusals: Refusals,
): string {
  if (/\{%|\{#/.test(template)) refusals.add("a template statement ({% … %})", where);
  return template.replace(/\{\{([^{}]*)\}\}/g, (_, inner: string) => {
    const name = inner.trim();
    if (!/^[\w-]+$/.test(name)) refusals.add(`the template expression {{${name}}}`, where);
    else if (!Object.hasOwn(vars, name)) refusals.add(`the variable {{${name}}}, which no one sets`, where);
    const value = vars[name];
    return typeof value === "string" ? value : JSON.stringify(value ?? "");
  });
}

function fillDeep(raw: unknown, vars: Readonly<Record<string, unknown>>, where: string, refusals: Refusals): unknown {
  if (typeof raw === "string") return raw.includes("{{") ? fill(raw, vars, where, refusals) : raw;
  if (Array.isArray(raw)) return raw.map((item) => fillDeep(item, vars, where, refusals));
  if (typeof raw !== "object" || raw === null) return raw;
  const { type } = raw as { type?: unknown };
  // Code has braces of its own, and finds the variables in its context.
  if (type === "javascript" || type === "python") return raw;
  return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, fillDeep(item, vars, where, refusals)]));
}

/** Throws "suite/unsupported" for what the format cannot say. */
export function writePromptfoo({ name, cases }: Suite): string {
  const refusals = createRefusals();
  const write = (assertion: Case["assert"][number]): object => {
    const { type, not, value, threshold, weight, metric, assert } = assertion;
    if (type === "numeric" || type === "rouge-l") refusals.add(type, "promptfoo has no such type");
    return {
      type: `${not ? "not-" : ""}${type}`,
      ...(value === undefined ? {} : { value }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(weight === 1 ? {} : { weight }),
      ...(metric === undefined ? {} : { metric }),
      ...(assert ? { assert: assert.map(write) } : {}),
    };
  };
  const tests = cases.map((one) => {
    if (typeof one.input !== "string") refusals.add("a conversation", `case ${one.id}`);
    if (one.choices || one.code || one.prose?.length || one.files)
      refusals.add("choices, code, prose or files", `case ${one.id}`);
    if (JSON.stringify([one.input, one.assert]).includes("{{")) refusals.add("text with {{", `case ${one.id}`);
    return {
      ...{ description: one.id, vars: { prompt: one.input }, assert: one.assert.map(write) },
      ...(one.threshold === undefined ? {} : { threshold: one.threshold }),
    };
  });
  refusals.settle(`promptfoo's format, for ${name},`);
  return writeYaml({ description: name, prompts: ["{{prompt}}"], tests });
}
