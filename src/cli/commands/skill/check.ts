/** burnish skill check: findings with their lines, links, and tokens when a model is named. */
import { basename } from "node:path";
import type { CommandContext } from "@/cli/command";
import { openModel } from "@/cli/commands/shared";
import { choiceOf, skillAt } from "@/cli/commands/skill/open";
import { textOf } from "@/cli/commands/suite";
import { table } from "@/cli/terminal";
import { readSuite } from "@/eval/suite/read";
import { checkSkill } from "@/skill/check";
import type { Finding } from "@/skill/finding";
import { visible } from "@/skill/finding";
import { linksOf } from "@/skill/links";
import { nameOf } from "@/skill/skill";

const MARKS = { error: "✗ error  ", warning: "• warning", note: "  note   " } as const;

export async function checkAction(context: CommandContext, path: string | undefined): Promise<number> {
  const { flags, terminal, session } = context;
  const skill = await skillAt(path);
  const findings = checkSkill(skill);
  for (const finding of findings) {
    terminal.emit({ type: "finding", ...finding });
    terminal.say(`${MARKS[finding.severity]} ${placeOf(finding)}  ${finding.message}`);
    if (finding.text !== undefined) terminal.say(`            ${finding.text}`);
  }
  const addresses = linksOf(skill).filter(({ outside }) => outside);
  for (const { target, file, line } of addresses) {
    const shown = visible(target);
    terminal.emit({ type: "link", target: shown, file, line });
    terminal.say(`  address  ${visible(file)}:${line}  ${shown}`);
  }
  if (flags.model !== undefined) {
    const suite = flags.suite === undefined ? null : readSuite(await textOf(flags.suite), basename(flags.suite));
    await openModel(context, flags.model);
    const size = await session.skillSize(skill, choiceOf(flags), suite, flags["max-tokens"] ?? 128);
    terminal.emit({ type: "size", ...size });
    const rows = size.parts.map(({ kind, name, tokens }) => [
      kind === "section" ? "  section" : kind,
      String(tokens),
      visible(name),
    ]);
    terminal.say(table([["part", "tokens", ""], ...rows]));
    if (size.long) terminal.say("The body is longer than the 5000 tokens that the specification advises.");
    if (size.marks.length > 0)
      terminal.say(`Marks of the chat template that it spells: ${size.marks.join(" ")}; they are given as plain text.`);
    terminal.say(size.fit.sentence);
  }
  const accepted = flags.accept ?? [];
  const open = findings.filter(
    ({ severity, kind, rule }) => severity === "error" && !accepted.includes(kind) && !accepted.includes(rule),
  );
  const name = visible(nameOf(skill) ?? skill.folder ?? "The skill");
  terminal.say(
    open.length === 0
      ? `${name}: no errors, ${findings.length} findings in all.`
      : `${name}: ${open.length} error${open.length === 1 ? "" : "s"}.`,
  );
  terminal.emit({ type: "verdict", ok: open.length === 0, errors: open.length });
  return open.length === 0 ? 0 : 1;
}

function placeOf({ file, line }: Finding): string {
  return visible(line > 0 ? `${file}:${line}` : file);
}
