/** What a verb of `burnish jobs` is, and whose jobs it means. The token is HF_TOKEN, and is written nowhere. */
import type { CommandContext } from "@/cli/command";
import type { JobAccess } from "@/worker/api/jobs";

export type Verb = (context: CommandContext, operands: readonly string[]) => Promise<number | undefined>;

export const accessOf = ({ flags }: CommandContext): JobAccess => ({ namespace: flags.namespace });
