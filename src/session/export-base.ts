/** The open model's files as an export needs them: its JSON read again, of a GGUF what says the same. */
import type { ExportBase } from "@/export/base";
import { cardLicence } from "@/export/license";
import { fromBlob } from "@/files/byte-source";
import { readGguf } from "@/files/gguf";
import { ggufConfig } from "@/model/gguf-config";
import { type ModelParts, readJson, readText } from "@/session/read-model";
import { ggufTokenizer } from "@/tokenizer/gguf-tokenizer";

type Json = Readonly<Record<string, unknown>>;

/** The Hub's word on the licence comes before what a file says of itself. */
export async function exportBase(parts: ModelParts): Promise<ExportBase> {
  const base = await readBase(parts);
  return { ...base, license: parts.license ?? base.license };
}

async function readBase({ name, arch, located, files, gguf }: ModelParts): Promise<ExportBase> {
  if (gguf) return { name, arch, located, ...(await fromGguf(gguf.blob)) };
  const [config, generation, tokenizerJson, tokenizerConfigJson, chatTemplateJinja, card] = await Promise.all([
    readJson(files, "config.json"),
    readJson(files, "generation_config.json"),
    readText(files, "tokenizer.json"),
    readText(files, "tokenizer_config.json"),
    readText(files, "chat_template.jinja"),
    readText(files, "README.md"),
  ]);
  return {
    ...{ name, arch, located, config: (config ?? {}) as Json, generation: (generation ?? {}) as Json },
    ...{ tokenizerJson: tokenizerJson ?? "{}", tokenizerConfigJson: tokenizerConfigJson ?? "{}", chatTemplateJinja },
    license: cardLicence(card ?? ""),
  };
}

async function fromGguf(blob: Blob): Promise<Omit<ExportBase, "name" | "arch" | "located">> {
  const source = fromBlob(blob);
  const gguf = await readGguf(source);
  const { tokenizerJson, configJson, eosIds } = ggufTokenizer(gguf.metadata);
  const id = (key: string) => gguf.metadata.get(`tokenizer.ggml.${key}_token_id`);
  const ids = {
    ...(id("bos") === undefined ? {} : { bos_token_id: id("bos") }),
    ...(eosIds.length === 0 ? {} : { eos_token_id: eosIds.length === 1 ? eosIds[0] : eosIds }),
    ...(id("padding") === undefined ? {} : { pad_token_id: id("padding") }),
  };
  const license = gguf.metadata.get("general.license");
  return {
    gguf: source,
    config: { ...ggufConfig(gguf), ...ids },
    generation: ids,
    tokenizerJson,
    tokenizerConfigJson: JSON.stringify({ ...JSON.parse(configJson), tokenizer_class: "PreTrainedTokenizerFast" }),
    ...(typeof license === "string" ? { license } : {}),
  };
}
