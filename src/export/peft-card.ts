/**
 * The model card of an exported adapter: front matter that the Hub reads, and how to load it, and nothing else,
 * because an adapter without evidence should not praise itself.
 */
interface CardFacts {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
  readonly useDora?: boolean | undefined;
}

export function adapterCard({ rank, alpha, targets, useDora }: CardFacts, baseModel: string): string {
  // JSON strings are valid YAML, whatever a name contains.
  const base = JSON.stringify(baseModel);
  return `---
base_model: ${base}
library_name: peft
pipeline_tag: text-generation
tags:
  - lora
  - burnish
---

# ${useDora ? "DoRA" : "LoRA"} adapter for ${baseModel.replace(/[\r\n]+/g, " ")}

Trained with Burnish. Rank ${rank}, alpha ${alpha}, on ${targets.join(", ")}.

\`\`\`python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained(${base})
model = PeftModel.from_pretrained(base, "path/to/this/folder")
\`\`\`
`;
}
