/** burnish export: the adapter alone or merged into its base, in the formats that others read. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "@/cli/command";
import { megabytes } from "@/cli/commands/shared";
import { adapterFiles, dataSource, modelSource, wholeFolder, writeFiles } from "@/cli/files";
import type { Flags } from "@/cli/flags";
import type { Terminal } from "@/cli/terminal";
import { AppError } from "@/errors";
import { chooseQuant } from "@/export/format";
import { RUN_FILE } from "@/export/run-file";
import { checkFileName, fileStem } from "@/export/write";
import type { Session } from "@/session/contract";
import { diskExports } from "@/storage/disk-files";
import { storeSink } from "@/storage/export-sink";
import type { ExportOutline } from "@/worker/api/export";
import type { SelfTest } from "@/worker/api/self-test";
import type { NamedFile } from "@/worker/api/sources";

export const exportResult: Command = {
  name: "export",
  summary:
    "Write a model, with --adapter merged in, as safetensors or GGUF; or the adapter alone (peft, gguf-lora); then read it again and compare.",
  required: ["model", "format", "out"],
  optional: ["adapter", "quant", "name", "data", "untested"],
  run: async ({ session, flags, terminal }) => {
    const { format = "safetensors", out = "", name } = flags;
    const quant = chooseQuant(format, flags.quant) ?? undefined;
    if (name !== undefined) checkFileName(name);
    const adapter = flags.adapter === undefined ? null : await adapterFiles(flags.adapter);
    const place = diskExports(out);
    const done = await session.exportFrom(
      await modelSource(flags.model ?? ""),
      adapter,
      { format, quant, name: name ?? fileStem(flags.adapter ?? flags.model ?? "") },
      storeSink(out, place.folder, place.room),
      (bytes, total) => terminal.progress("export", bytes, total, `${megabytes(bytes)} of ${megabytes(total)}`),
    );
    for (const note of done.notes) terminal.note(note);
    const tested = flags.untested ? null : await retest(session, flags, done, out, adapter, terminal);
    terminal.say(`${out}: ${done.files.map((file) => `${file.name} (${megabytes(file.bytes)})`).join(", ")}`);
    terminal.emit({ type: "export", out, ...done, selfTest: tested });
    if (tested?.passed === false) {
      throw new AppError("export/self-test", `What was written to ${out} does not say what the model says.`, {
        hint: "Do not use these files. README.md names what differs; please report it with the model's name.",
      });
    }
  },
};

/** Opens the model on a device, reads the files again, and writes the card with what was found. */
async function retest(
  session: Session,
  flags: Flags,
  made: ExportOutline,
  out: string,
  adapter: readonly NamedFile[] | null,
  terminal: Terminal,
): Promise<SelfTest> {
  await session.openModel(await modelSource(flags.model ?? ""), () => {});
  if (adapter) await session.loadAdapter(adapter);
  if (flags.data !== undefined) await session.openDataset(await dataSource(flags.data), { data: { holdout: 0.5 } });
  const names = new Set(made.files.map(({ name }) => name));
  const files = (await wholeFolder(out)).filter(({ name }) => names.has(name));
  const tested = await session.selfTest(made, files, null, (done, total) => terminal.progress("test", done, total));
  for (const { what, passed } of tested.checks) terminal.note(`${passed ? "passed" : "FAILED"}: ${what}`);
  await writeFiles(out, await session.companions(made, tested, flags.name, await runText(flags.adapter)));
  return tested;
}

/** What `burnish train` left beside the adapter. */
async function runText(adapter: string | undefined): Promise<string | undefined> {
  if (adapter === undefined) return undefined;
  return readFile(join(adapter, RUN_FILE), "utf8").catch(() => undefined);
}
