/** Words of a command line, read by what its command says of its flags; and how a command is used, in words. */
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { FLAGS, type FlagName, type Flags } from "@/cli/flags";
import { AppError } from "@/errors";

/** What a command says of its flags. */
export interface Signature {
  readonly name: string;
  readonly summary: string;
  readonly required: readonly FlagName[];
  readonly optional: readonly FlagName[];
  /** Words after the command's name, for people: ["list|show|delete", "[RUN]"]. None by default; the last may be "[MODEL…]". */
  readonly operands?: readonly string[];
}

export interface ParsedArguments {
  readonly flags: Flags;
  readonly operands: readonly string[];
}

function optionOf(name: FlagName) {
  const flag: { hint: string; several?: boolean } = FLAGS[name];
  return { type: flag.hint === "" ? ("boolean" as const) : ("string" as const), multiple: flag.several === true };
}

/** Throws AppError "usage" that names what is wrong. */
export function parseFlags(command: Signature, args: readonly string[]): ParsedArguments {
  const known: FlagName[] = [...command.required, ...command.optional, "device", "json"];
  const options = Object.fromEntries(known.map((name) => [name, optionOf(name)]));
  const hint = `Usage: ${usageLine(command)}`;
  let values: Record<string, unknown>;
  let operands: readonly string[];
  try {
    const allowPositionals = command.operands !== undefined;
    ({ values, positionals: operands } = parseArgs({ args: [...args], options, strict: true, allowPositionals }));
  } catch (error) {
    throw new AppError("usage", error instanceof Error ? `${error.message.split(". ")[0]}.` : String(error), { hint });
  }
  const flags: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const parsed = z.safeParse(FLAGS[name as FlagName].type, value);
    if (!parsed.success) {
      const why = parsed.error.issues[0]?.message ?? "is not valid";
      throw new AppError("usage", `--${name} ${String(value)}: ${why}.`, { hint });
    }
    flags[name] = parsed.data;
  }
  const absent = command.required.filter((name) => flags[name] === undefined);
  if (absent.length > 0) {
    throw new AppError("usage", `${command.name} needs ${absent.map((name) => `--${name}`).join(" and ")}.`, { hint });
  }
  const least = (command.operands ?? []).filter((name) => !name.startsWith("[")).length;
  const most = command.operands?.at(-1)?.includes("…") ? Number.POSITIVE_INFINITY : (command.operands?.length ?? 0);
  if (operands.length < least || operands.length > most) {
    throw new AppError("usage", `${command.name} takes ${(command.operands ?? []).join(" ")}.`, { hint });
  }
  return { flags: flags as Flags, operands };
}

function usageLine({ name, required, optional, operands = [] }: Signature): string {
  const show = (flag: FlagName) =>
    `--${flag}${FLAGS[flag].hint ? ` ${FLAGS[flag].hint}` : ""}${optionOf(flag).multiple ? " …" : ""}`;
  const rest: FlagName[] = [...optional, "device", "json"];
  return ["burnish", name, ...operands, ...required.map(show), ...rest.map((flag) => `[${show(flag)}]`)].join(" ");
}

export function usageOf(commands: Readonly<Record<string, Signature>>): string {
  const lines = Object.values(commands).map((command) => `  ${usageLine(command)}\n      ${command.summary}`);
  return `Fine-tune small language models, see honestly whether it helped, take the result anywhere.\n\n${lines.join("\n")}`;
}
