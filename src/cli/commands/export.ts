/** burnish export: the adapter alone or merged into its base, in the formats that others read. */
import type { Command } from "@/cli/command";
import { megabytes } from "@/cli/commands/shared";
import { adapterFiles, modelSource } from "@/cli/files";
import { chooseQuant } from "@/export/format";
import { checkFileName, fileStem } from "@/export/write";
import { diskExports } from "@/storage/disk-files";
import { storeSink } from "@/storage/export-sink";

export const exportResult: Command = {
  name: "export",
  summary: "Write a model, with --adapter merged in, as safetensors or GGUF; or the adapter alone (peft, gguf-lora).",
  required: ["model", "format", "out"],
  optional: ["adapter", "quant", "name"],
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
    terminal.say(`${out}: ${done.files.map((file) => `${file.name} (${megabytes(file.bytes)})`).join(", ")}`);
    terminal.emit({ type: "export", out, ...done });
  },
};
