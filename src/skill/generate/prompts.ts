/** What the teacher is asked. The writer of cases never sees the skill; the one who refines never sees the reporting half. */
import type { Message } from "@/eval/provider";
import type { Material } from "./material";

const SKILL = `You write Agent Skills: one SKILL.md that tells a language model how to do one kind of task.
Its form: a line of three dashes; "name:" (lower-case letters, digits and single hyphens); "description:" (one line: what it does and when to use it); a line of three dashes; then instructions in Markdown under headings.
Write facts, formats and rules that a model cannot know by itself, with short examples. At most 600 words.
Answer with the file alone: no fence around it, no words before or after it.
A long table or list may go into a file of its own: after the SKILL.md a line "=== references/NAME.md ===", then its text; name it in the SKILL.md.`;

const CASES = `You write test cases that show whether a language model can do a task.
Answer with JSON alone: {"cases": [{"input": "…", "expected": {"contains": ["…"]}}]}.
"input" is what a user would ask, complete in itself. "contains" are one to three short texts that every right answer must contain, that no wrong answer contains, and that are not in the input.
Every case differs from the others; easy and hard ones, and rare situations too.`;

export function skillPrompt(task: string, material: Material | null, fault: string | null): Message[] {
  const again = fault === null ? "" : `\n\nYour last answer could not be used: ${fault} Write it again.`;
  return [
    { role: "system", content: SKILL },
    { role: "user", content: `The task: ${task}${given(material)}${again}` },
  ];
}

export function casesPrompt(
  task: string,
  material: Material | null,
  count: number,
  known: readonly string[],
): Message[] {
  const listed =
    known.length === 0
      ? ""
      : `\n\nThese are there already; write others:\n${known
          .slice(-60)
          .map((input) => `- ${line(input)}`)
          .join("\n")}`;
  return [
    { role: "system", content: CASES },
    { role: "user", content: `The task: ${task}${given(material)}\n\nWrite ${count} cases.${listed}` },
  ];
}

export interface Failure {
  readonly question: string;
  readonly wanted: string;
  readonly answer: string;
}

export function refinePrompt(
  task: string,
  current: string,
  failures: readonly Failure[],
  failed: number,
  total: number,
): Message[] {
  const shown = failures.map(
    ({ question, wanted, answer }, i) =>
      `${i + 1}. Asked: ${question}\n   Wanted in the answer: ${wanted}\n   Answered: ${answer}`,
  );
  return [
    { role: "system", content: SKILL },
    {
      role: "user",
      content: `The task: ${task}\n\nThis is the skill as it stands:\n\n${current}\n\nA model that read it failed ${failed} of ${total} cases, among them:\n\n${shown.join("\n\n")}\n\nWrite the whole skill again so that it teaches what was missing, in general: other cases will be asked, so do not list these answers.`,
    },
  ];
}

function given(material: Material | null): string {
  if (!material) return "";
  const what = material.kind === "examples" ? "Examples of it" : "How an agent did it, turn by turn";
  return `\n\n${what}:\n\n${material.text}`;
}

const line = (text: string) => text.replace(/\s+/g, " ").slice(0, 200);
