/** Who reads the skill: the model that is opened here, or a server's. The key comes from the environment only. */
import type { CommandContext } from "@/cli/command";
import { openModel } from "@/cli/commands/shared";
import { adapterFiles } from "@/cli/files";
import type { Flags } from "@/cli/flags";
import { AppError } from "@/errors";
import type { Reader } from "@/session/calls/skills";

export type Endpoint = Extract<Reader, { kind: "endpoint" }>;

export function endpointOf({ endpoint, "endpoint-model": [model] = [] }: Flags): Endpoint | null {
  if (endpoint === undefined && model === undefined) return null;
  if (endpoint === undefined || model === undefined) {
    throw new AppError("usage", "A server needs --endpoint and --endpoint-model.", {
      hint: "Like --endpoint http://127.0.0.1:8080/v1 --endpoint-model qwen3; its key goes into BURNISH_ENDPOINT_KEY.",
    });
  }
  const key = process.env.BURNISH_ENDPOINT_KEY;
  return { kind: "endpoint", baseUrl: endpoint, model, ...(key ? { key } : {}) };
}

/** A model that is named is opened here, with its adapter if there is one; else the server answers. */
export async function readerOf(context: CommandContext): Promise<Reader> {
  const { flags, session } = context;
  if (flags.model === undefined) {
    const endpoint = endpointOf(flags);
    if (endpoint) return endpoint;
    throw new AppError("usage", "Who should read the skill?", {
      hint: "Give --model, or --endpoint and --endpoint-model.",
    });
  }
  await openModel(context, flags.model);
  if (flags.adapter !== undefined) await session.loadAdapter(await adapterFiles(flags.adapter));
  return { kind: "open", adapter: flags.adapter !== undefined };
}
