/** burnish skill generate: a teacher writes a skill and cases; saved as upskill lays skills and runs out. */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CommandContext } from "@/cli/command";
import { readerOf, teacherOf } from "@/cli/commands/skill/reader";
import { sayReport, textOf } from "@/cli/commands/suite";
import { AppError } from "@/errors";
import { reportHtml } from "@/eval/report-view/html";
import { readSuite } from "@/eval/suite/read";
import { visible } from "@/skill/finding";
import { type Material, readMaterial } from "@/skill/generate/material";
import { nameOf } from "@/skill/skill";
import { layOut, RESULTS } from "@/skill/upskill";

export async function generateAction(context: CommandContext): Promise<number> {
  const { session, flags, terminal } = context;
  const { task = "", out } = flags;
  if (task.trim() === "" || out === undefined) {
    throw new AppError("usage", "skill generate needs --task and --out.", {
      hint: 'Like --task "name our lamps" --out skills',
    });
  }
  if (flags.cases !== undefined && flags.suite !== undefined)
    throw new AppError("usage", "Give --cases for the teacher to write, or --suite with cases of yours, not both.");
  const suite = flags.suite === undefined ? {} : { suite: readSuite(await textOf(flags.suite), basename(flags.suite)) };
  const teacher = await teacherOf(context);
  const material = await materialOf(flags.examples, flags.trace);
  const reader = await readerOf(context);
  const settings = {
    seed: flags.seed ?? 42,
    repeats: flags.runs ?? 1,
    maxTokens: flags["max-tokens"] ?? 256,
    temperature: flags.temperature ?? 0,
  };
  const startedAt = new Date();
  const made = await session.generateSkill(
    { task, material, cases: flags.cases ?? 48, rounds: flags.rounds ?? 2, ...suite, settings, teacher, reader },
    ({ phase, done, total, note }) => terminal.progress(phase, done, total, visible(note)),
  );
  const name = nameOf(made.skill) ?? "skill";
  const files = layOut(made, { startedAt, task });
  const batch = dirname([...files.keys()].find((path) => path.endsWith("/batch_summary.json")) ?? "runs/x");
  // What is there already stays as it is.
  const taken = (await stat(join(out, name)).catch(() => undefined)) !== undefined;
  const home = taken ? join(out, batch) : out;
  for (const [path, text] of files) {
    const target = join(path.startsWith(`${name}/`) ? home : out, path);
    await save(target, path === RESULTS ? await continued(target, text) : text);
  }
  if (flags.report !== undefined) await writeFile(flags.report, await reportHtml(made.report));
  const rounds = made.rounds.map(
    ({ passed, answers, kept }) => `${passed}/${answers.answers.length}${kept ? "" : " (not kept)"}`,
  );
  terminal.say(
    `${name}, on the ${made.halves.refining.cases.length} cases that its writer saw: ${rounds.join(", then ")}.`,
  );
  terminal.say(`On the ${made.halves.reporting.cases.length} that it did not:`);
  sayReport(context, made.report, 1);
  for (const note of made.notes) terminal.say(`  ${visible(note)}`);
  const errors = made.findings.filter(({ severity }) => severity === "error");
  for (const { message, file, line, text = "" } of errors)
    terminal.say(`✗ ${visible(file)}:${line}  ${message} ${text}`);
  terminal.say(
    `Written: ${join(home, name)}, ${join(out, "runs")}${taken ? `; ${join(out, name)} was there already and stays` : ""}`,
  );
  const { report, findings, notes } = made;
  terminal.emit({
    type: "generated",
    name,
    files: [...files.keys()],
    rounds: made.rounds.map(({ passed, kept }) => ({ passed, kept })),
    findings,
    notes,
    report,
  });
  return errors.length === 0 ? 0 : 1;
}

async function materialOf(examples: string | undefined, trace: string | undefined): Promise<Material | null> {
  if (examples !== undefined && trace !== undefined)
    throw new AppError("usage", "Give --examples or --trace, not both.");
  if (examples !== undefined) return readMaterial(await textOf(examples), "examples", basename(examples));
  return trace === undefined ? null : readMaterial(await textOf(trace), "trace", basename(trace));
}

async function save(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Rows go behind those of earlier batches. */
async function continued(path: string, text: string): Promise<string> {
  const before = await readFile(path, "utf8").catch(() => "");
  return before === "" ? text : `${before.replace(/\r?\n?$/, "\r\n")}${text.slice(text.indexOf("\r\n") + 2)}`;
}
