// uses: step
// Gradient of a LoRA matrix: a sum over the token axis, added to what is there.
//
//   gradient   g[M, N] += scale · left[T, M]ᵀ · right[T, N]
//
// B's gradient has left = dy, right = h; A's has left = dh, right = x. The forward half lives in linear.wgsl, fused
// into the projection. One lane makes 8 × 4 values; M and N are multiples of 4.

override M: u32;
override N: u32;

@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> g: array<vec4f>;

@compute @workgroup_size(64)
fn gradient(@builtin(global_invocation_id) id: vec3u) {
  const width_n = N / 4u;
  const width_m = M / 4u;
  let quad_n = id.x % width_n;
  let quad_m = (id.x / width_n) * 2u;
  if (quad_m >= width_m) { return; }
  let second = min(quad_m + 1u, width_m - 1u);
  var low = mat4x4f();
  var high = mat4x4f();
  let tokens = arrayLength(&right) / width_n;
  for (var t = 0u; t < tokens; t++) {
    let r = right[t * width_n + quad_n];
    let l = left[t * width_m + quad_m];
    let m = left[t * width_m + second];
    low += mat4x4f(r * l.x, r * l.y, r * l.z, r * l.w);
    high += mat4x4f(r * m.x, r * m.y, r * m.z, r * m.w);
  }
  for (var i = 0u; i < 4u; i++) { g[(quad_m * 4u + i) * width_n + quad_n] += step.adapter_scale * low[i]; }
  if (second == quad_m) { return; }
  for (var i = 0u; i < 4u; i++) { g[(second * 4u + i) * width_n + quad_n] += step.adapter_scale * high[i]; }
}
