/**
 * The model card: metadata that the Hub reads, then what was done, what was measured, and how to run the files. It says
 * nothing that is not known: an export without a run has no recipe in its card, one without a comparison no score.
 *
 * Text of others (names, prompts) stands in JSON strings, which are YAML too, or in fenced code; never as markup.
 */
import { frontMatter, type MetadataFacts } from "@/export/card-metadata";
import { type RunFacts, runSections } from "@/export/card-run";
import { code, plain } from "@/export/card-text";
import { howToRun } from "@/export/how-to-run";
import { licenceView } from "@/export/license";
import type { ExportFormat, ExportOutline } from "@/worker/api/export";

/** What the self-test of an export found. */
interface SelfTestFacts {
  /** What read the files again: "llama.cpp in WebAssembly". */
  readonly reader: string;
  /** Each thing that was compared, in one line, and whether it held. */
  readonly checks: readonly { readonly what: string; readonly passed: boolean }[];
}

export interface CardFacts extends MetadataFacts {
  readonly made: ExportOutline;
  readonly run?: RunFacts | undefined;
  readonly selfTest?: SelfTestFacts | undefined;
  /** Files beside the export's own. */
  readonly hasCurve?: boolean;
  readonly hasScript?: boolean;
}

export function modelCard(facts: CardFacts): string {
  const { name, base, run, made, selfTest } = facts;
  const kind = KINDS[made.format];
  const sections = [
    `# ${plain(name)}`,
    `${kind} made with Burnish from ${code(base.name)}.`,
    ...(run ? runSections(run, facts) : []),
    ...(selfTest ? [selfTestSection(selfTest)] : []),
    ["## How to run", howToRun(facts)].join("\n\n"),
    limits(facts),
    files(made),
  ];
  return `${frontMatter(facts)}\n${sections.join("\n\n")}\n`;
}

const KINDS: Readonly<Record<ExportFormat, string>> = {
  peft: "A LoRA adapter",
  safetensors: "A fine-tuned model (adapter merged)",
  gguf: "A fine-tuned model (adapter merged) for llama.cpp",
  "gguf-lora": "A LoRA adapter for llama.cpp",
  onnx: "A fine-tuned model (adapter merged) for onnxruntime and transformers.js",
};

function selfTestSection({ reader, checks }: SelfTestFacts): string {
  const lines = checks.map(({ what, passed }) => `- ${passed ? "passed" : "**FAILED**"}: ${plain(what)}`);
  return ["## Self-test", `After writing, the files were read again by ${plain(reader)}:`, lines.join("\n")].join(
    "\n\n",
  );
}

function limits({ base, run }: CardFacts): string {
  const { notes } = licenceView(base.license);
  const held = run?.comparison;
  const lines = [
    "It can be wrong, and repeats what its base and its data hold, prejudices included.",
    held
      ? `The score is of ${held.n} held-out cases of the training data’s own kind; it says nothing about other tasks.`
      : "Nothing was measured on held-out cases; treat it as untested.",
    ...notes,
  ];
  return ["## Limits", lines.map((line) => `- ${line}`).join("\n")].join("\n\n");
}

function files({ files: list, notes }: ExportOutline): string {
  const rows = list.map(({ name, bytes }) => `| ${code(name)} | ${bytes.toLocaleString("en-US")} |`);
  const said = notes.map((note) => `- ${plain(note)}`);
  return [
    "## Files",
    ["| File | Bytes |", "| --- | ---: |", ...rows].join("\n"),
    ...(said.length > 0 ? [said.join("\n")] : []),
  ].join("\n\n");
}
