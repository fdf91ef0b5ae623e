/**
 * The command line: the same session as the page, in Node. With --json, stdout carries one JSON object a line and nothing
 * else; progress and prose go to stderr. Exit codes: 0 done, 1 failed, 2 used wrongly.
 */
import type { Command } from "@/cli/command";
import { COMMANDS } from "@/cli/commands";
import { nodePlatform } from "@/cli/node-platform";
import { type ParsedArguments, parseFlags, usageOf } from "@/cli/parse-flags";
import { createTerminal, type Terminal } from "@/cli/terminal";
import { AppError, toWire } from "@/errors";
import { createSession } from "@/session/session";

async function main([name = "help", ...rest]: readonly string[]): Promise<number> {
  const command = COMMANDS[name];
  if (name === "help" || name === "--help") {
    process.stdout.write(`${usageOf(COMMANDS)}\n`);
    return 0;
  }
  if (!command) {
    process.stderr.write(`burnish: there is no command "${name}".\n${usageOf(COMMANDS)}\n`);
    return 2;
  }
  let terminal = createTerminal(false);
  try {
    const parsed = parseFlags(command, rest);
    terminal = createTerminal(parsed.flags.json === true);
    return await run(command, parsed, terminal);
  } catch (error) {
    terminal.clear();
    const wire = toWire(error);
    const bug = !(error instanceof AppError) && error instanceof Error ? `\n${error.stack}` : "";
    terminal.fail(wire, bug);
    return wire.code === "usage" || wire.code === "recipe/invalid" ? 2 : 1;
  }
}

async function run(command: Command, { flags, operands }: ParsedArguments, terminal: Terminal): Promise<number> {
  const session = createSession(nodePlatform(flags.device ?? "auto", flags.activations));
  return (await command.run({ session, flags, operands, terminal })) ?? 0;
}

// Dawn keeps Node alive; everything that matters has been written by now.
process.exit(await main(process.argv.slice(2)));
