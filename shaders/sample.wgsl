// uses: step
// One token per row of logits. Temperature 0 takes the largest; otherwise the Gumbel-max trick draws from the softmax:
// argmax(z / temperature + gumbel), with noise hashed (PCG, Jarzynski and Olano 2020) from seed, row key and token, so
// that the same seeds give the same text whatever else shares the batch. Ties go to the smaller token id.

override VOCAB: u32;
override STRIDE: u32;

const LANES = 64u;
var<workgroup> best_score: array<f32, LANES>;
var<workgroup> best_token: array<u32, LANES>;

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> tokens: array<u32>;

fn pcg(value: u32) -> u32 {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

// -log of an exponential draw e = -log(1 - u). The winner has the smallest e, where 1 - u rounds to 1 and log promises
// no digit: there the series of log takes over. The CPU's kernel draws 1 - u, hence the complement.
fn gumbel(key: u32, token: u32) -> f32 {
  let bits = ~pcg(token ^ pcg(key ^ pcg(u32(step.seed))));
  let u = min((f32(bits) + 0.5) / 4294967296.0, 0.9999999);
  let e = select(-log(1.0 - u), u * (1.0 + u * (0.5 + u / 3.0)), u < 0.01);
  return -log(e);
}

@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  var score = -3.0e38;
  var token = 0xffffffffu;
  for (var i = lane; i < VOCAB; i += LANES) {
    var candidate = logits[id.x * STRIDE + i];
    if (step.temperature > 0.0) { candidate = candidate / step.temperature + gumbel(keys[id.x], i); }
    if (candidate > score) { score = candidate; token = i; }
  }
  best_score[lane] = score;
  best_token[lane] = token;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      let other = best_score[lane + half];
      let tie = other == best_score[lane] && best_token[lane + half] < best_token[lane];
      if (other > best_score[lane] || tie) { best_score[lane] = other; best_token[lane] = best_token[lane + half]; }
    }
    workgroupBarrier();
  }
  if (lane == 0u) { tokens[id.x] = best_token[0]; }
}
