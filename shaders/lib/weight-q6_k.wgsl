// uses: unpack
// Weights as GGUF Q6_K: blocks of 256 in sixteen sub-blocks of 16, x = d s (q + 16 h - 32).
// Row: f16 d[blocks], padded to a word; then per block u8 q[128], u8 h[64], i8 s[16]. Per 128 values byte j of 64 holds
// value j low and j + 64 high; bits 2t of byte j of 32 are the upper two of value 32 t + j.
override W_COLS: u32;
override W_BLOCKS: u32 = W_COLS / 256u;
override W_SCALE_WORDS: u32 = (W_BLOCKS + 1u) / 2u;
override W_ROW_WORDS: u32 = W_SCALE_WORDS + W_BLOCKS * 52u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS;
  let block = quad / 64u;
  let body = start + W_SCALE_WORDS + block * 52u;
  let side = quad % 64u / 32u;
  let part = quad % 32u / 8u;
  let word = quad % 8u;
  let q = w[body + side * 16u + (part % 2u) * 8u + word] >> (4u * (part / 2u));
  let h = w[body + 32u + side * 8u + word] >> (2u * part);
  let s = extractBits(bitcast<i32>(w[body + 48u + quad % 64u / 16u]), 8u * (quad % 16u / 4u), 8u);
  let d = half_value(w[start + block / 2u] >> (16u * (block % 2u))) * f32(s);
  return d * (bytes4((q & 0x0f0f0f0fu) | ((h & 0x03030303u) << 4u)) - 32.0);
}
