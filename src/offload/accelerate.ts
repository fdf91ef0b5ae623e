/**
 * accelerate's configuration for the GPUs of one machine: a copy of the model on each (DDP), or one model in pieces (FSDP with
 * full sharding, which is what DeepSpeed calls ZeRO-3). Settings of FSDP are those that PEFT's guide gives for LoRA and QLoRA.
 */
import type { Weights } from "./memory";

export type Sharing = "none" | "ddp" | "fsdp";

export function accelerateConfig(sharing: Sharing, gpus: number, weights: Weights): Record<string, unknown> | null {
  if (sharing === "none") return null;
  const plain = {
    compute_environment: "LOCAL_MACHINE",
    ...{ machine_rank: 0, num_machines: 1, num_processes: gpus, main_training_function: "main", use_cpu: false },
    ...{ mixed_precision: "bf16", rdzv_backend: "static", same_network: true },
  };
  if (sharing === "ddp") return { ...plain, distributed_type: "MULTI_GPU", gpu_ids: "all" };
  return {
    ...plain,
    distributed_type: "FSDP",
    fsdp_config: {
      fsdp_version: 1,
      fsdp_auto_wrap_policy: "TRANSFORMER_BASED_WRAP",
      fsdp_backward_prefetch: "BACKWARD_PRE",
      fsdp_cpu_ram_efficient_loading: true,
      fsdp_forward_prefetch: false,
      fsdp_offload_params: false,
      fsdp_sharding_strategy: "FULL_SHARD",
      fsdp_state_dict_type: "SHARDED_STATE_DICT",
      fsdp_sync_module_states: true,
      // Frozen and learning weights lie in flat parameters of their own.
      fsdp_use_orig_params: weights === "full",
    },
  };
}
