/** evals/evals.json of the Agent Skills guide. Its assertions are prose, which a person or a model judges. */
import * as z from "zod/mini";
import type { Suite } from "../suite";
import { accept, MOST_CASES, shortText, text } from "./limits";

const File = z.looseObject({
  skill_name: z.optional(shortText),
  evals: z
    .array(
      z.looseObject({
        id: z.union([shortText, z.number()]),
        prompt: text,
        expected_output: z.optional(text),
        files: z.optional(z.array(shortText)),
        assertions: z.optional(z.array(shortText).check(z.maxLength(64))),
      }),
    )
    .check(z.maxLength(MOST_CASES)),
});

/** `files` are paths beside the file; `texts` holds those that could be read. */
export function readAgentskills(value: unknown, name: string, texts: Readonly<Record<string, string>> = {}): Suite {
  const { evals } = accept(File, value, name);
  const cases = evals.map(({ id, prompt, expected_output: expected, files = [], assertions = [] }) => ({
    ...{ id: String(id), input: prompt, prose: assertions, assert: [], tags: [] },
    ...(expected === undefined ? {} : { expected }),
    ...(files.length === 0 ? {} : { files: Object.fromEntries(files.map((path) => [path, texts[path] ?? ""])) }),
  }));
  return { name, format: "agentskills", cases };
}

/** Assertions that are code become sentences. */
export function writeAgentskills({ cases }: Suite, skillName: string): string {
  const evals = cases.map(({ id, input, expected, files, prose = [], assert }) => ({
    ...{ id, prompt: typeof input === "string" ? input : input.map(({ content }) => content).join("\n\n") },
    expected_output: expected ?? "",
    ...(files ? { files: Object.keys(files) } : {}),
    assertions: [
      ...prose,
      ...assert.map(({ type, not, value }) => {
        const wanted = value === undefined ? "" : `: ${typeof value === "string" ? value : JSON.stringify(value)}`;
        return `The output passes ${not ? "not-" : ""}${type}${wanted}`;
      }),
    ],
  }));
  return `${JSON.stringify({ skill_name: skillName, evals }, null, 2)}\n`;
}
