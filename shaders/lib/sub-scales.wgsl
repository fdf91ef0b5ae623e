// What Q4_K and Q5_K share: the scales of a block's eight sub-blocks, packed in six bits.

// Scale and minimum of sub-block s, six bits each in twelve bytes that begin at word `at`.
fn sub_scales(at: u32, s: u32) -> vec2f {
  let bytes = (vec3u(w[at], w[at + 1u], w[at + 2u]) >> vec3u(8u * (s % 4u))) & vec3u(255u);
  let late = vec2u(bytes.z & 15u, bytes.z >> 4u) | ((bytes.xy >> vec2u(6u)) << vec2u(4u));
  return vec2f(select(bytes.xy & vec2u(63u), late, s >= 4u));
}
