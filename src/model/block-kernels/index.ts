// Quantisers of GGUF's block formats and the merge of a LoRA pair: AssemblyScript, compiled by ../build-block-kernels.mjs.
export { quantise } from "./quantise";
export { add_lora } from "./merge";

/** Memory from here on is the caller's. */
export function free_from(): usize {
  return __heap_base;
}
