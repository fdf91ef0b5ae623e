/** burnish compare: two saved evaluations of one suite, arm by arm, on the cases that both have. */
import type { Command } from "@/cli/command";
import { textOf } from "@/cli/commands/suite";
import { AppError } from "@/errors";
import { comparePair } from "@/eval/paired";
import { readReport } from "@/eval/saved-report";

export const compare: Command = {
  name: "compare",
  summary:
    "Two files that eval --suite wrote, JSON or HTML: is B better than A on the same cases? Arms of one name are compared.",
  operands: ["A.json", "B.json"],
  required: [],
  optional: ["arms"],
  run: async ({ operands: [a = "", b = ""], flags, terminal }) => {
    if (b === "") throw new AppError("usage", "compare takes two files.", { hint: "burnish compare A.json B.json" });
    const [left, right] = [await readReport(await textOf(a), a), await readReport(await textOf(b), b)];
    for (const [path, { edited }] of [
      [a, left],
      [b, right],
    ] as const) {
      if (edited.length > 0) terminal.say(`${path}: changed after seeing results (${edited.join(" and ")}).`);
    }
    const [one, other] = [left.report, right.report];
    const suites = [one, other].map(({ declared }) => declared.suite);
    if (suites[0]?.sha256 !== suites[1]?.sha256) {
      throw new AppError("usage", `${suites[0]?.name} and ${suites[1]?.name} are not the same cases.`, {
        hint: "Run both on one suite; a difference in cases is no difference in models.",
      });
    }
    const common = one.arms.filter(({ arm }) => other.arms.some((its) => its.arm === arm)).map(({ arm }) => arm);
    const wanted = flags.arms ?? common;
    if (wanted.length === 0)
      throw new AppError("usage", "The files have no arm in common.", { hint: "Run both with the same --arms." });
    for (const name of wanted) {
      const [before, after] = [one, other].map(({ arms }) => arms.find(({ arm }) => arm === name));
      if (!before || !after)
        throw new AppError("usage", `Not both files have an arm ${name}.`, { hint: `Both have ${common.join(", ")}.` });
      const result = comparePair(
        { name: `A (${one.declared.model}, ${name})`, answers: before.answers },
        { name: `B (${other.declared.model}, ${name})`, answers: after.answers },
      );
      terminal.say(result.sentence);
      terminal.emit({ type: "comparison", arm: name, edited: { a: left.edited, b: right.edited }, ...result });
    }
  },
};
