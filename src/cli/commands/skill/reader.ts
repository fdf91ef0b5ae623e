/** Who writes and who reads a skill. A model that is named is opened here; else the first server or ONNX model answers. */
import type { CommandContext } from "@/cli/command";
import { otherModels } from "@/cli/commands/eval-models";
import { openModel } from "@/cli/commands/shared";
import { adapterFiles } from "@/cli/files";
import { AppError } from "@/errors";
import type { Reader } from "@/session/calls/skills";
import type { OtherModel } from "@/session/eval-providers";

export async function readerOf(context: CommandContext): Promise<Reader> {
  const { flags, session } = context;
  if (flags.model === undefined) {
    const [other] = await otherModels({ ...context, operands: [] });
    if (other) return other;
    throw new AppError("usage", "Who should read the skill?", {
      hint: "Give --model, --onnx, or --endpoint and --endpoint-model.",
    });
  }
  await openModel(context, flags.model);
  if (flags.adapter !== undefined) await session.loadAdapter(await adapterFiles(flags.adapter));
  return { kind: "open", adapter: flags.adapter !== undefined };
}

export async function teacherOf(context: CommandContext): Promise<OtherModel> {
  const teacher = (await otherModels({ ...context, operands: [] })).find(({ kind }) => kind === "endpoint");
  if (teacher) return teacher;
  throw new AppError("usage", "Who should write it?", { hint: "Give --endpoint and --endpoint-model." });
}
