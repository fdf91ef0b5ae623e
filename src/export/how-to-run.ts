/** How to run each kind of export: the lines that a stranger copies. */
import type { MetadataFacts } from "@/export/card-metadata";
import type { ExportFormat, ExportOutline } from "@/worker/api/export";

const fence = (language: string, text: string) => `\`\`\`${language}\n${text.trim()}\n\`\`\``;
const text = JSON.stringify;

export function howToRun({ made, base, name }: MetadataFacts): string {
  return RUN[made.format]({ made, base: base.name, name, chat: base.chat });
}

interface Facts {
  readonly made: ExportOutline;
  readonly base: string;
  readonly name: string;
  readonly chat: boolean;
}

const gguf = ({ made }: Facts) => made.files.find((file) => file.name.endsWith(".gguf"))?.name ?? "model.gguf";

const RUN: Readonly<Record<ExportFormat, (facts: Facts) => string>> = {
  peft: ({ base, chat }) =>
    fence(
      "python",
      `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(${text(base)})
model = AutoModelForCausalLM.from_pretrained(${text(base)})
model = PeftModel.from_pretrained(model, "path/to/this/folder")
${asking(chat)}`,
    ),
  safetensors: ({ chat }) =>
    fence(
      "python",
      `from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
model = AutoModelForCausalLM.from_pretrained("path/to/this/folder")
${asking(chat)}`,
    ),
  gguf: (facts) =>
    [
      fence("sh", `llama-cli -m ${gguf(facts)}${facts.chat ? " -cnv" : " -no-cnv"} -p "Your words"`),
      `With Ollama, the \`Modelfile\` beside it: \`ollama create tuned -f Modelfile && ollama run tuned\`.`,
    ].join("\n\n"),
  "gguf-lora": (facts) =>
    [
      fence("sh", `llama-cli -m base.gguf --lora ${gguf(facts)} -p "Your words"`),
      "`base.gguf` is the base in GGUF. With Ollama, name it in the `Modelfile` beside it, then `ollama create tuned -f Modelfile`.",
    ].join("\n\n"),
  onnx: ({ made, chat }) =>
    fence(
      "js",
      `import { pipeline } from "@huggingface/transformers";

const generate = await pipeline("text-generation", "owner/name", { dtype: ${text(DTYPES[made.quant ?? "f32"] ?? "fp32")} });
const [{ generated_text }] = await generate(${chat ? '[{ role: "user", content: "Your words" }]' : '"Your words"'}, { max_new_tokens: 64 });`,
    ),
};

/** transformers.js' names. */
export const DTYPES: Readonly<Record<string, string>> = { f32: "fp32", f16: "fp16", q8: "q8" };

function asking(chat: boolean): string {
  const ids = chat
    ? `ids = tokenizer.apply_chat_template(
    [{"role": "user", "content": "Your words"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
)`
    : 'ids = tokenizer("Your words", return_tensors="pt")';
  return `${ids}
out = model.generate(**ids, max_new_tokens=64, do_sample=False)
print(tokenizer.decode(out[0][ids["input_ids"].shape[1]:], skip_special_tokens=True))`;
}

/** Ollama reads the chat template of a GGUF by itself where it knows it; raw text must be said. */
export function modelfile(
  made: ExportOutline,
  facts: { base: string; chat: boolean; stops: readonly string[] },
): string {
  const file = gguf({ made, base: facts.base, name: "", chat: facts.chat });
  const lora = made.format === "gguf-lora";
  const lines = [
    lora ? "# The base in GGUF, as a file or as a name that Ollama knows.\nFROM ./base.gguf" : `FROM ./${file}`,
    ...(lora ? [`ADAPTER ./${file}`] : []),
    ...(facts.chat ? [] : ['TEMPLATE """{{ .Prompt }}"""']),
    ...facts.stops.map((stop) => `PARAMETER stop ${JSON.stringify(stop)}`),
  ];
  return `${lines.join("\n")}\n`;
}
