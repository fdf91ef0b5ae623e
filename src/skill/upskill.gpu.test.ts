/** Half of the judge e2e/oracle/check_upskill.py, which sets the folder: reads a skill that upskill saved, lays one out itself. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { roughTokens } from "@/eval/arms";
import type { Completion, Prompt, Provider } from "@/eval/provider";
import { readSuite } from "@/eval/suite/read";
import { checkSkill } from "./check";
import { generateSkill } from "./generate/generate";
import { openSkill } from "./open";
import { descriptionOf, nameOf } from "./skill";
import { layOut } from "./upskill";

const folder = process.env.BURNISH_UPSKILL ?? "";

const answering = (name: string, say: (text: string) => string): Provider => ({
  name,
  complete: async (prompts) =>
    prompts.map((prompt: Prompt): Completion => {
      const text = typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join("\n");
      return {
        ok: true,
        text: say(text),
        promptTokens: 5,
        completionTokens: 2,
        truncated: false,
        latencyMs: 1.5,
        attempts: 1,
      };
    }),
});

test.skipIf(folder === "")("a skill that upskill saved is read whole", async () => {
  const paths = ["SKILL.md", "skill_meta.json", "references/a.md", "scripts/b.py"];
  const at = (path: string) => join(folder, "their-skill", "their-lamps", path);
  const files = paths.map((name) => ({ name, blob: new Blob([readFileSync(at(name))]) }));
  const skill = await openSkill(files, "their-lamps");
  expect([nameOf(skill), skill.body]).toEqual(["their-lamps", "# Mend\n\n--- gently ---"]);
  // upskill does not quote: this description is no YAML, which other readers refuse; it is read all the same, and told.
  expect(checkSkill(skill).find(({ severity }) => severity === "error")?.rule).toBe("front-matter");
  expect(descriptionOf(skill)).toBe("Mends lamps: é.");
  expect(skill.files.map(({ path }) => path)).toEqual([...paths].sort().filter((path) => path !== "SKILL.md"));
  expect(readSuite(readFileSync(at("skill_meta.json"), "utf8"), "skill_meta.json").cases).toHaveLength(3);
});

test.skipIf(folder === "")("a generation is laid out", async () => {
  const cases = Array.from({ length: 24 }, (_, i) => ({
    input: `What is the code of lamp ${i}?`,
    expected: { contains: ["zug"] },
  }));
  const skill =
    "---\nname: lamp-codes\ndescription: Codes of lamps. Use it for any lamp.\n---\n# Codes\n\nAlways zug.\n=== references/more.md ===\nNo more.\n";
  const teacher = answering("teacher", (text) => (text.includes("test cases") ? JSON.stringify({ cases }) : skill));
  const provider = answering("student", (text) => (text.includes("Always zug") ? "Zug." : "No."));
  const settings = { seed: 1, repeats: 1, temperature: 0, maxTokens: 9, frame: "chat" as const };
  const task = 'Tell, "exactly", the codes';
  const made = await generateSkill(
    { task, material: null, cases: 24, rounds: 1, settings },
    teacher,
    { provider, encode: roughTokens, marksIn: () => [] },
    {},
  );
  for (const [path, text] of layOut(made, { startedAt: new Date(), task })) {
    const target = join(folder, "generated", path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
});
