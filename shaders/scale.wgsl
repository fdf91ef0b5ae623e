// uses: step
// y = the Step with its adapter_scale · FACTOR, for pairs of an adapter whose alpha or rank is not that of the others.

override FACTOR: f32;

@group(0) @binding(0) var<storage, read_write> y: Step;

@compute @workgroup_size(1)
fn forward() {
  y = step;
  y.adapter_scale = step.adapter_scale * FACTOR;
}
