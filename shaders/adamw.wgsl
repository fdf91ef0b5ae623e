// uses: step grid
// AdamW over one flat buffer (Loshchilov and Hutter 2019), as torch.optim.AdamW computes it, with global-norm clipping
// as torch.nn.utils.clip_grad_norm_ does.
//
//   g  = grad · min(1, max_norm / (norm + 1e-6))
//   lr = the Step's · RATIO
//   p -= lr · wd · p                    unless DECAYS is 0
//   m  = β1 m + (1-β1) g        v = β2 v + (1-β2) g²
//   p -= lr · (m / correction1) / (sqrt(v / correction2) + ε)

override RATIO: f32;
override DECAYS: f32;

@group(0) @binding(0) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> norm: array<f32>;

@compute @workgroup_size(64)
fn update(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&param)) { return; }
  var clip = 1.0;
  if (step.max_norm > 0.0) { clip = min(1.0, step.max_norm / (norm[0] + 1e-6)); }
  let rate = step.learning_rate * RATIO;
  let g = grad[i] * clip;
  let first = step.beta1 * m[i] + (1.0 - step.beta1) * g;
  let second = step.beta2 * v[i] + (1.0 - step.beta2) * g * g;
  let kept = param[i] * (1.0 - rate * step.weight_decay * DECAYS);
  m[i] = first;
  v[i] = second;
  param[i] = kept - rate * (first / step.correction1) / (sqrt(second / step.correction2) + step.epsilon);
}
