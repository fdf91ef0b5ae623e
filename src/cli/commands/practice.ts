/** burnish practice: rows with a known fault planted in them, to try the gates on, or one's own eyes. */
import { writeFile } from "node:fs/promises";
import type { Command } from "@/cli/command";

export const practice: Command = {
  name: "practice",
  summary:
    "Write a set of rows with one fault planted (--fault none: clean), and the held-out rows beside it as FILE.eval.jsonl.",
  required: ["fault", "out"],
  optional: ["seed"],
  run: async ({ session, flags, terminal }) => {
    const { fault = "none", out = "", seed = 1 } = flags;
    const set = await session.practice(fault, seed);
    const held = `${out.replace(/\.jsonl$/, "")}.eval.jsonl`;
    await writeFile(out, set.train);
    await writeFile(held, set.held);
    terminal.say(set.lesson);
    terminal.say(set.lines.length > 0 ? `Lines ${set.lines.join(", ")}.` : "It concerns the whole set.");
    terminal.say(`The rows lie in ${out}, the held-out ones in ${held}.`);
    terminal.emit({ type: "practice", fault: set.fault, lesson: set.lesson, lines: set.lines, out, eval: held });
  },
};
