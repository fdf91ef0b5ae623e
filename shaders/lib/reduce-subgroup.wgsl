enable subgroups;
// Sum and maximum over one workgroup so small that it is one subgroup: nobody waits. The counterpart of reduce.wgsl for
// adapters that run on a CPU, where a barrier costs as much as a hundred products. No WebGPU subgroup has fewer lanes.
const LANES = 4u;

fn workgroup_sum(lane: u32, value: f32) -> f32 { return subgroupAdd(value); }

fn workgroup_max(lane: u32, value: f32) -> f32 { return subgroupMax(value); }
