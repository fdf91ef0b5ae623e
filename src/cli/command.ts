/** What a command is: its flags, and what it does with a session and a terminal. */
import type { Flags } from "@/cli/flags";
import type { Signature } from "@/cli/parse-flags";
import type { Terminal } from "@/cli/terminal";
import type { Session } from "@/session/contract";

export interface CommandContext {
  readonly session: Session;
  readonly flags: Flags;
  readonly operands: readonly string[];
  readonly terminal: Terminal;
}

export interface Command extends Signature {
  /** The exit code where it is not 0. */
  readonly run: (context: CommandContext) => Promise<number | undefined> | Promise<void>;
}
