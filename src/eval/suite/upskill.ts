/**
 * upskill's tests: a list, `{cases}` or a skill_meta.json. All of `contains` must occur, in any case of letters. Newer
 * versions write `verifiers`; those that look at files or run commands are an agent's, and refused.
 */
import * as z from "zod/mini";
import type { Assertion } from "../assertions/assertion";
import type { Case, Suite } from "../suite";
import { accept, createRefusals, files, MOST_CASES, text } from "./limits";

const contains = z.union([text, z.array(text).check(z.maxLength(1_000))]);
const Verifier = z.looseObject({ type: z.string(), values: z.optional(contains) });
const Test = z.strictObject({
  input: text,
  context: z.nullish(z.strictObject({ files: z.nullish(files) })),
  expected: z.nullish(z.strictObject({ contains })),
  verifiers: z.nullish(z.array(Verifier).check(z.maxLength(64))),
  output_file: z.nullish(text),
  validator: z.nullish(text),
  validator_config: z.nullish(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
});
const Tests = z.array(Test).check(z.maxLength(MOST_CASES));
const File = z.union([Tests, z.looseObject({ cases: Tests }), z.looseObject({ tests: Tests })]);

export function readUpskill(value: unknown, name: string): Suite {
  const whole = accept(File, value, name);
  const tests = Array.isArray(whole) ? whole : ((whole.cases ?? whole.tests) as z.infer<typeof Tests>);
  const refusals = createRefusals();
  const cases = tests.map((test, i): Case => {
    const where = `case ${i + 1}`;
    if (test.validator) refusals.add(`validator "${test.validator}"`, where);
    if (test.output_file) refusals.add("an output_file", where);
    const listed = (test.verifiers ?? []).flatMap((verifier) => {
      if (verifier.type === "contains" && verifier.values !== undefined) return [verifier.values].flat();
      refusals.add(`verifier "${verifier.type}"`, where);
      return [];
    });
    const wanted = [...[test.expected?.contains ?? []].flat(), ...listed];
    if (wanted.length === 0) refusals.add("a test that expects nothing", where);
    const assertion: Assertion = { type: "icontains-all", not: false, value: wanted, weight: 1 };
    return {
      ...{ id: String(i + 1), input: test.input, expected: wanted.join(", "), assert: [assertion], tags: [] },
      ...(test.context?.files ? { files: test.context.files } : {}),
    };
  });
  refusals.settle(name);
  return { name, format: "upskill", cases };
}

/** Throws "suite/unsupported" for what the format cannot say. */
export function writeUpskill(suite: Suite): string {
  const refusals = createRefusals();
  const cases = suite.cases.map(({ id, input, files: given, assert, threshold }) => {
    const wanted = assert.flatMap((assertion) => {
      const { type, not, value } = assertion;
      const all = type === "icontains-all" || type === "icontains";
      if (!not && all && threshold === undefined) return [value].flat().map(String);
      refusals.add(`${not ? "not-" : ""}${type}`, `case ${id}`);
      return [];
    });
    if (typeof input !== "string") refusals.add("a conversation", `case ${id}`);
    else if (wanted.length === 0) refusals.add("a case without text to contain", `case ${id}`);
    return { input, ...(given ? { context: { files: given } } : {}), expected: { contains: wanted } };
  });
  refusals.settle(`upskill's format, for ${suite.name},`);
  return `${JSON.stringify({ cases }, null, 2)}\n`;
}
