// Everything that the module exports: the pool's entries, and each kernel under its name with "." and "-" as "_".
export { resume, run, serve, setup } from "./context";
export { add as add_forward, cache as cache_forward, embed as embed_forward, embedBackward as embed_backward, gather as gather_forward } from "./elementwise";
export { bias as bias_forward, biasGradient as bias_gradient, window as window_forward } from "./elementwise";
export { swiglu as swiglu_forward, swigluBackward as swiglu_backward } from "./elementwise";
export { forward as linear_forward, backward as linear_backward } from "./linear";
export { gradient as lora_gradient } from "./lora";
export { forward as rmsnorm_forward, backward as rmsnorm_backward, weightTerms as rmsnorm_weight_terms } from "./rmsnorm";
export { forward as rope_forward, backward as rope_backward } from "./rope";
export { forward as attention_forward, delta as attention_delta } from "./attention";
export { backwardQ as attention_backward_q, backwardKv as attention_backward_kv } from "./attention-backward";
export { forward as cross_entropy_forward, backward as cross_entropy_backward } from "./cross-entropy";
export { adamw as adamw_update, sgd as sgd_update, scale as scale_forward, partialSums as norm_partial_sums, root as norm_root } from "./optimizer";
export { forward as dropout_forward, backward as dropout_backward } from "./dropout";
export { adamw8 as adamw8_update } from "./adamw8";
export { momentum as muon_momentum, normalise as muon_normalise, mix as muon_mix, update as muon_update } from "./muon";
export { rowNorm as row_norm_forward, scaled as dora_scaled, gradient as dora_gradient } from "./dora";
export { forward as sample_forward } from "./sample";
