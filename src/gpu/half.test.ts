import { expect, test } from "vitest";
import { storedAsHalf } from "@/gpu/half";

const SHADER = `// y[T] = x[T];  a comment is no code
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> index: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
fn f(at: Place) { let i = arrayLength(&x); y[at.y + index[i]] = 2.0 * x[index[i]] + y[0]; if (x[i].x == 1.0) { return; } }`;

test("loads are widened, stores are narrowed, and nothing else changes", () => {
  const code = storedAsHalf(SHADER, ["x", "y"]);
  expect(code).toMatch(/^enable f16;/);
  expect(code).toContain("read> x: array<vec4<f16>>;");
  expect(code).toContain("read_write> y: array<vec4<f16>>;");
  expect(code).toContain("y[at.y + index[i]] = vec4<f16>(2.0 * vec4f(x[index[i]]) + vec4f(y[0]));");
  expect(code).toContain("arrayLength(&x)");
  expect(code).toContain("vec4f(x[i]).x == 1.0");
});

test("an operand that no f32 array holds stays as it is", () => {
  expect(storedAsHalf(SHADER, ["index"])).not.toContain("f16");
});

test("scalars are f16, and summing in one is refused", () => {
  const scalar = "@group(0) @binding(0) var<storage, read_write> z: array<f32>;\nfn f() { z[1] = z[0]; }";
  expect(storedAsHalf(scalar, ["z"])).toContain("z[1] = f16(f32(z[0]));");
  expect(() => storedAsHalf(scalar.replace("z[1] =", "z[1] +="), ["z"])).toThrow(/sum into z/);
});
