/** burnish skill eval: does the skill help on these cases, and which part of it? */
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { CommandContext } from "@/cli/command";
import { choiceOf, skillAt } from "@/cli/commands/skill/open";
import { readerOf } from "@/cli/commands/skill/reader";
import { sayReport, textOf } from "@/cli/commands/suite";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import type { Ablation } from "@/eval/ablation";
import { points } from "@/eval/paired";
import { reportHtml } from "@/eval/report-view/html";
import { readSuite } from "@/eval/suite/read";
import { callsOf, partsOf } from "@/skill/ablate";
import { checkSkill } from "@/skill/check";
import { visible } from "@/skill/finding";

export async function evalAction(context: CommandContext, path: string | undefined): Promise<void> {
  const { session, flags, terminal } = context;
  const skill = await skillAt(path);
  const previous = flags.previous === undefined ? undefined : await skillAt(flags.previous);
  if (flags.suite === undefined)
    throw new AppError("usage", "skill eval needs --suite.", { hint: "Cases with checks; docs/evaluate.md." });
  const suite = readSuite(await textOf(flags.suite), basename(flags.suite));
  const errors = checkSkill(skill).filter(({ severity }) => severity === "error");
  if (errors.length > 0)
    terminal.note(`burnish skill check finds ${errors.length} errors in it; the first: ${errors[0]?.message}`);
  const choice = choiceOf(flags);
  const repeats = flags.runs ?? 1;
  const by = flags.paragraphs ? ("paragraphs" as const) : flags.ablate ? ("sections" as const) : null;
  if (by) {
    const parts = partsOf(skill, by, choice).length;
    const calls = callsOf(parts, suite.cases.length, repeats);
    terminal.note(
      `Leaving out each of ${parts} ${by} asks ${calls} times besides the ${suite.cases.length * repeats * 3} of the comparison.`,
    );
  }
  const reader = await readerOf(context);
  const settings = {
    ...{ seed: flags.seed ?? 42, repeats, maxTokens: flags["max-tokens"] ?? 128 },
    temperature: flags.temperature ?? (repeats > 1 ? 0.8 : 0),
    ...(flags.place ? { place: flags.place } : {}),
  };
  const k = flags.k ?? 1;
  const { report, notes } = await session.evaluateSkill(
    {
      ...{ skill, reader, suite, settings, choice, choices: { k }, keep: true },
      ...(by ? { ablate: by } : {}),
      ...(previous ? { previous } : {}),
      ...(flags["max-calls"] === undefined ? {} : { mostCalls: flags["max-calls"] }),
    },
    ({ arm, done, total }) => terminal.progress(arm, done, total),
  );
  sayReport(context, report, k);
  for (const note of notes) terminal.say(`  ${note}`);
  if (report.ablation) sayAblation(context, report.ablation);
  if (flags.report !== undefined) await writeFile(flags.report, await reportHtml(report));
  if (flags.out !== undefined) await writeFile(flags.out, `${JSON.stringify(report)}\n`);
  terminal.emit({ type: "skill", ...report });
}

function sayAblation({ terminal }: CommandContext, { parts, notes }: Ablation): void {
  const rows = parts.map(({ name, lines, effect, interval, pHolm, verdict, gained, lost }) => [
    ...[
      visible(name),
      `${lines[0]}–${lines[1]}`,
      points(effect),
      `${points(interval.low)} to ${points(interval.high)}`,
    ],
    ...[pHolm.toFixed(3), `+${gained} −${lost}`, verdict],
  ]);
  terminal.say(table([["part", "lines", "effect", "interval", "p (Holm)", "answers", "verdict"], ...rows]));
  for (const note of notes) terminal.say(`  ${note}`);
}
