// uses: reduce
// attention.forward where rows are few, as in generation: 64 lanes share one token and one key/value head, so that a
// single token keeps the whole device busy. Keys pass by in chunks of 64. A lane scores one key for every head of the
// group; then it owns quads of the output and walks the chunk's keys. Softmax is online over chunks.

override HEADS: u32;
override KV_HEADS: u32;
override HEAD_DIM: u32;
override SCALE: f32;

@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
@group(0) @binding(3) var<storage, read> span: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;

const QUADS = HEAD_DIM / 4u;
const GROUP = HEADS / KV_HEADS;
const OWNED = (GROUP * QUADS + LANES - 1u) / LANES;
const UNSEEN = -3.0e38;

var<workgroup> chance: array<f32, GROUP * LANES>;

@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let range = span[id.x];
  let first_head = id.x * HEADS + id.y * GROUP;
  var largest: array<f32, GROUP>;
  var total: array<f32, GROUP>;
  var sum: array<vec4f, OWNED>;
  for (var head = 0u; head < GROUP; head++) { largest[head] = UNSEEN; }
  for (var j = range.x; j < range.y; j += LANES) {
    let count = min(LANES, range.y - j);
    var shrink: array<f32, GROUP>;
    for (var head = 0u; head < GROUP; head++) {
      var s = UNSEEN;
      if (lane < count) {
        s = 0.0;
        let key = ((j + lane) * KV_HEADS + id.y) * QUADS;
        let query = (first_head + head) * QUADS;
        for (var i = 0u; i < QUADS; i++) { s += dot(q[query + i], k[key + i]); }
        s *= SCALE;
      }
      let most = max(largest[head], workgroup_max(lane, s));
      let p = exp(s - most);
      shrink[head] = exp(largest[head] - most);
      total[head] = total[head] * shrink[head] + workgroup_sum(lane, p);
      largest[head] = most;
      chance[head * LANES + lane] = p;
    }
    workgroupBarrier();
    for (var n = 0u; n < OWNED; n++) {
      let own = lane + n * LANES;
      if (own < GROUP * QUADS) {
        let head = own / QUADS;
        var value = sum[n] * shrink[head];
        for (var i = 0u; i < count; i++) {
          value += chance[head * LANES + i] * v[((j + i) * KV_HEADS + id.y) * QUADS + own % QUADS];
        }
        sum[n] = value;
      }
    }
    workgroupBarrier();
  }
  for (var n = 0u; n < OWNED; n++) {
    let own = lane + n * LANES;
    if (own < GROUP * QUADS) { y[first_head * QUADS + own] = sum[n] / total[own / QUADS]; }
  }
  if (lane < GROUP) { lse[first_head + lane] = largest[lane] + log(total[lane]); }
}
