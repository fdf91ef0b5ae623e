// uses: reduce step
// Next-token loss over rows of logits; one workgroup per row. Rows are VOCAB wide and STRIDE apart. With s = SHARPNESS,
// which is 1 / temperature:
//
//   forward    nll = log Σ exp(s·z) - s·z[target]
//   backward   z becomes dz = s · (softmax(s·z) - onehot(target)) · weight · loss_scale, in place; padding becomes 0
//
// backward also writes nll, so that training reads the logits once. A row of weight 0 teaches nothing; its nll is 0.

override VOCAB: u32;
override STRIDE: u32;
override SHARPNESS: f32;

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> nll: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<f32>;

@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = id.x * STRIDE;
  var largest = -3.0e38;
  for (var i = lane; i < VOCAB; i += LANES) { largest = max(largest, SHARPNESS * logits[row + i]); }
  largest = workgroup_max(lane, largest);
  var sum = 0.0;
  for (var i = lane; i < VOCAB; i += LANES) { sum += exp(SHARPNESS * logits[row + i] - largest); }
  let total = log(workgroup_sum(lane, sum)) + largest;
  if (lane == 0u) { nll[id.x] = select(0.0, total - SHARPNESS * logits[row + targets[id.x]], weights[id.x] != 0.0); }
}

@compute @workgroup_size(LANES)
fn backward(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = id.x * STRIDE;
  let target_at = row + targets[id.x];
  let weight = weights[id.x] * step.loss_scale;
  var largest = -3.0e38;
  for (var i = lane; i < VOCAB; i += LANES) { largest = max(largest, SHARPNESS * z[row + i]); }
  largest = workgroup_max(lane, largest);
  var sum = 0.0;
  for (var i = lane; i < VOCAB; i += LANES) { sum += exp(SHARPNESS * z[row + i] - largest); }
  let total = log(workgroup_sum(lane, sum)) + largest;
  if (lane == 0u) { nll[id.x] = select(0.0, total - SHARPNESS * z[target_at], weights[id.x] != 0.0); }
  storageBarrier();  // the target's logit is read above before its lane overwrites it below
  for (var i = lane; i < VOCAB; i += LANES) {
    z[row + i] = SHARPNESS * weight * (exp(SHARPNESS * z[row + i] - total) - select(0.0, 1.0, row + i == target_at));
  }
  for (var i = VOCAB + lane; i < STRIDE; i += LANES) { z[row + i] = 0.0; }
}
