/** burnish eval --text: perplexity and bits per byte of held-out text; with an adapter, what tuning did to it. */
import { basename } from "node:path";
import type { CommandContext } from "@/cli/command";
import { openModel } from "@/cli/commands/shared";
import { textOf } from "@/cli/commands/suite";
import { adapterFiles } from "@/cli/files";
import { table } from "@/cli/terminal";
import type { TextLoss } from "@/eval/likelihood";

export async function measureText(context: CommandContext, path: string): Promise<void> {
  const { session, flags, terminal } = context;
  const bundled = path.startsWith("bundled:");
  const content = bundled ? null : await textOf(path);
  await openModel(context, flags.model ?? "");
  if (flags.adapter !== undefined) await session.loadAdapter(await adapterFiles(flags.adapter));
  const source = content === null ? { bundled: path.slice("bundled:".length) } : { content, name: basename(path) };
  const { base, tuned, forgetting } = await session.measureText({ ...source, seed: flags.seed ?? 42 });
  const row = (arm: string, loss: TextLoss) => [
    ...[arm, loss.perplexity.toFixed(3), loss.bitsPerByte.toFixed(4)],
    ...[loss.tokens, loss.bytes, loss.errors].map(String),
  ];
  const head = ["arm", "perplexity", "bits per byte", "tokens", "bytes", "errors"];
  terminal.say(table([head, row("base", base), ...(tuned ? [row("tuned", tuned)] : [])]));
  if (forgetting) terminal.say(forgetting.sentence);
  terminal.emit({ type: "text", base, ...(tuned ? { tuned } : {}), ...(forgetting ? { forgetting } : {}) });
}
