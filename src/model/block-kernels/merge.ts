// W' = W + scale · B A, in f32, in place.  w: [rows, columns]  b: [rows, rank]  a: [rank, columns]

export function add_lora(w: usize, a: usize, b: usize, rows: i32, columns: i32, rank: i32, scale: f32): void {
  const width = usize(columns) * 4;
  for (let row = 0; row < rows; row++, w += width, b += usize(rank) * 4) {
    let column = 0;
    for (; column + 8 <= columns; column += 8) {
      let left = f32x4.splat(0);
      let right = f32x4.splat(0);
      let from = a + usize(column) * 4;
      for (let k: usize = 0; k < usize(rank); k++, from += width) {
        const factor = v128.load32_splat(b + k * 4);
        left = f32x4.add(left, f32x4.mul(factor, v128.load(from)));
        right = f32x4.add(right, f32x4.mul(factor, v128.load(from, 16)));
      }
      const at = w + usize(column) * 4;
      v128.store(at, f32x4.add(v128.load(at), f32x4.mul(f32x4.splat(scale), left)));
      v128.store(at, f32x4.add(v128.load(at, 16), f32x4.mul(f32x4.splat(scale), right)), 16);
    }
    for (; column < columns; column++) {
      let sum: f32 = 0;
      for (let k: usize = 0; k < usize(rank); k++) {
        sum += load<f32>(b + k * 4) * load<f32>(a + k * width + usize(column) * 4);
      }
      const at = w + usize(column) * 4;
      store<f32>(at, load<f32>(at) + scale * sum);
    }
  }
}
