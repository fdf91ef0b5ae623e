// uses: step grid
// Stochastic gradient descent with momentum over one flat buffer, as torch.optim.SGD computes it, with the same clipping
// as adamw.wgsl. The Step's beta1 is the momentum.
//
//   lr = the Step's · RATIO
//   g  = grad · min(1, max_norm / (norm + 1e-6)) + wd · p, without the last where DECAYS is 0
//   m  = β1 m + g
//   p -= lr · m

override RATIO: f32;
override DECAYS: f32;

@group(0) @binding(0) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<storage, read> norm: array<f32>;

@compute @workgroup_size(64)
fn update(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&param)) { return; }
  var clip = 1.0;
  if (step.max_norm > 0.0) { clip = min(1.0, step.max_norm / (norm[0] + 1e-6)); }
  let velocity = step.beta1 * m[i] + (grad[i] * clip + step.weight_decay * DECAYS * param[i]);
  m[i] = velocity;
  param[i] -= step.learning_rate * RATIO * velocity;
}
