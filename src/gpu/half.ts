/**
 * Activations kept as f16. A shader says what is computed, in f32; how an operand lies in memory is said here, so that no
 * kernel has a twin. Of an operand x that is stored as f16
 *
 *   var<…> x: array<vec4f>   becomes   var<…> x: array<vec4<f16>>
 *   x[i]                     becomes   vec4f(x[i])
 *   x[i] = v;                becomes   x[i] = vec4<f16>(v);
 *
 * and the same for scalars. All sums stay f32 by construction. Where a kernel sums in its output (attention), the trace
 * keeps that output as f32; a sum into an f16 operand is refused.
 */

const WIDENED = { f32: "f32", vec4f: "vec4f" } as const;
const STORED = { f32: "f16", vec4f: "vec4<f16>" } as const;
type Element = keyof typeof STORED;

/** The shader with these operands stored as f16. Those whose declaration is no f32 array are left alone: weights unpack themselves. */
export function storedAsHalf(code: string, names: readonly string[]): string {
  const bare = code.replaceAll(/\/\/.*$/gm, "");
  const text = names.reduce(storeOne, bare);
  return text === bare || /^enable f16;/m.test(text) ? text : `enable f16;\n${text}`;
}

function storeOne(code: string, name: string): string {
  const declaration = new RegExp(`(@group\\(0\\)[^;]*?>\\s*${name}:\\s*)array<(f32|vec4f)>;`);
  const element = declaration.exec(code)?.[2] as Element | undefined;
  if (!element) return code;
  return converted(code.replace(declaration, `$1array<${STORED[element]}>;`), name, element);
}

/** Every `name[…]` with its conversion, also inside of others. */
function converted(code: string, name: string, element: Element): string {
  const access = new RegExp(`(?<![\\w.])${name}\\[`).exec(code);
  if (!access) return code;
  const inner = access.index + access[0].length;
  const end = closing(code, inner);
  const index = converted(code.slice(inner, end), name, element);
  const before = code.slice(0, access.index);
  const behind = code.slice(end + 1);
  const operator = /^\s*([-+*/]?=)(?!=)/.exec(behind);
  if (!operator) return `${before}${WIDENED[element]}(${name}[${index}])${converted(behind, name, element)}`;
  if (operator[1] !== "=") throw new Error(`internal: a sum into ${name}, which is stored as f16`);
  const stop = behind.indexOf(";");
  const value = converted(behind.slice(operator[0].length, stop), name, element);
  return `${before}${name}[${index}] = ${STORED[element]}(${value.trim()})${converted(behind.slice(stop), name, element)}`;
}

/** Where the bracket that was opened before `from` closes. */
function closing(code: string, from: number): number {
  let depth = 1;
  for (let i = from; i < code.length; i++) {
    if (code[i] === "[") depth++;
    if (code[i] === "]" && --depth === 0) return i;
  }
  throw new Error("internal: a bracket never closes");
}
