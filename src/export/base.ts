/** What an export starts from: the base as its files say it, and the adapter that goes into it. */
import { AppError } from "@/errors";
import type { Adapter } from "@/export/peft";
import type { ByteSource } from "@/files/byte-source";
import type { Architecture } from "@/model/architecture";
import type { Located } from "@/model/located";

export interface ExportBase {
  /** The id on the Hub, "bundled:NAME", or a path. */
  readonly name: string;
  readonly arch: Architecture;
  readonly located: ReadonlyMap<string, Located>;
  /** Tensors whose values are not those of the base's files any more: training changed them. */
  readonly trained?: ReadonlySet<string> | undefined;
  /** The base's one file, when it is a GGUF. */
  readonly gguf?: ByteSource | undefined;
  /** config.json and generation_config.json; of a GGUF, what says the same. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly generation: Readonly<Record<string, unknown>>;
  /** Texts of tokenizer.json and tokenizer_config.json; of a GGUF, what says the same. */
  readonly tokenizerJson: string;
  readonly tokenizerConfigJson: string;
  /** chat_template.jinja, where it lies beside them. */
  readonly chatTemplateJinja?: string | undefined;
  readonly license?: string | undefined;
}

export interface ExportInput {
  readonly base: ExportBase;
  readonly adapter?: Adapter | undefined;
  /** What the result is called. */
  readonly name: string;
}

export function noAdapter({ trained }: ExportBase): AppError {
  if (!trained) {
    return new AppError("usage", "There is no adapter to write.", { hint: "Train one, or give one with --adapter." });
  }
  return new AppError("usage", "The weights themselves were trained, so there is no adapter to write.", {
    hint: "Take the whole model: safetensors, GGUF or ONNX.",
  });
}

/** "owner/name" when the base is of the Hub. */
export const hubId = (name: string) => (/^[\w.-]+\/[\w.-]+$/.test(name) ? name : undefined);
