/** The front matter of a model card: keys and values of the Hub's model metadata. Unknown things are left out. */
import { hubId } from "@/export/base";
import type { RunFacts } from "@/export/card-run";
import { licenceView } from "@/export/license";
import type { ExportFormat, ExportOutline } from "@/worker/api/export";

export interface MetadataFacts {
  /** What the result is called. */
  readonly name: string;
  readonly base: {
    /** Id on the Hub, "bundled:NAME", or a path. */
    readonly name: string;
    readonly revision?: string | undefined;
    readonly license?: string | undefined;
    readonly chat: boolean;
  };
  readonly made: ExportOutline;
  readonly run?: RunFacts | undefined;
}

const LIBRARIES: Readonly<Record<ExportFormat, string | undefined>> = {
  peft: "peft",
  safetensors: "transformers",
  gguf: "gguf",
  "gguf-lora": "gguf",
  onnx: "transformers.js",
};

/** How the result stands to its base, in the Hub's words. */
function relation({ format, quant }: ExportOutline): string {
  if (format === "peft" || format === "gguf-lora") return "adapter";
  return format === "safetensors" || quant === "f32" || quant === "f16" ? "finetune" : "quantized";
}

/** JSON is YAML, and quotes whatever a name may hold. */
const quoted = (text: string) => JSON.stringify(text);

export function frontMatter(facts: MetadataFacts): string {
  const { base, made, run, name } = facts;
  const { id } = licenceView(base.license);
  const baseId = hubId(base.name);
  const lora = made.format === "peft" || made.format === "gguf-lora";
  const tags = ["burnish", ...(lora ? ["lora"] : []), ...(base.chat ? ["conversational"] : [])];
  const data = run?.dataset === undefined ? undefined : hubId(run.dataset.replace(/^hf:/, ""));
  const library = LIBRARIES[made.format];
  const lines = [
    ...(library ? [`library_name: ${library}`] : []),
    "pipeline_tag: text-generation",
    // PEFT's own loader reads the base from adapter_config.json; here it is for people and for the Hub.
    `base_model: ${quoted(baseId ?? base.name)}`,
    ...(baseId ? [`base_model_relation: ${relation(made)}`] : []),
    ...(id ? [`license: ${id}`] : []),
    ...(data ? ["datasets:", `  - ${quoted(data)}`] : []),
    "tags:",
    ...tags.map((tag) => `  - ${tag}`),
    ...scores(name, run),
  ];
  return `---\n${lines.join("\n")}\n---\n`;
}

function scores(name: string, run: RunFacts | undefined): string[] {
  const { comparison, dataset } = run ?? {};
  if (!comparison) return [];
  return [
    "model-index:",
    `  - name: ${quoted(name)}`,
    "    results:",
    "      - task:",
    "          type: text-generation",
    "        dataset:",
    `          name: ${quoted(`held-out cases of ${dataset ?? "the training data"}`)}`,
    "          type: custom",
    "        metrics:",
    "          - type: exact_match",
    "            name: pass rate",
    `            value: ${Number((100 * comparison.tuned.rate).toFixed(2))}`,
  ];
}
