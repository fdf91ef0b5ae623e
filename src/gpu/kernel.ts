/**
 * From a .wgsl file to a pipeline. Operands bind by name: the declarations `@group(0) @binding(n) var<…> name` are
 * read from the text, so no number appears in TypeScript, and a call with a missing or misspelt operand fails here with
 * the file's name. The first line of a file, `// uses: reduce weight`, names the library files put in front, each once; "weight"
 * stands for the library of the format in which operand `w` is stored; "reduce" and "lanes" for what the device does best.
 *
 * `override` lines become constants: compilers unroll on constants, and arrays may be sized by them.
 */
import { storedAsHalf } from "@/gpu/half";
import { SHADERS } from "@/gpu/shaders";
import type { Call, Tensor } from "@/graph/target";

export interface Binding {
  readonly index: number;
  readonly type: GPUBufferBindingType;
}

export interface KernelSource {
  readonly code: string;
  readonly entry: string;
  readonly bindings: ReadonlyMap<string, Binding>;
}

const DECLARATION = /@group\(0\)\s*@binding\((\d+)\)\s*var<(\w+)(?:,\s*(\w+))?>\s*(\w+)/g;

/**
 * Which library file a word of a `uses` line stands for, as the device wants it: waiting at barriers is dear where lanes
 * are loops of a CPU.
 */
export type Dialect = Readonly<Record<string, string>>;

export function kernelSource(call: Call, dialect: Dialect): KernelSource {
  const [file = "", entry = ""] = call.kernel.split(".");
  const weight = `weight-${call.reads.w?.format ?? "f32"}`;
  const names = { ...dialect, weight: dialect[weight] ?? weight };
  const code = storedAsHalf(withConstants(assemble(file, names), call), halfOperands(call));
  const declared = new Map<string, Binding>();
  for (const [, index, space, access, name] of code.matchAll(DECLARATION)) {
    const type = space === "uniform" ? "uniform" : access === "read_write" ? "storage" : "read-only-storage";
    if (name) declared.set(name, { index: Number(index), type });
  }
  const bindings = new Map<string, Binding>();
  const bind = (name: string, written: boolean) => {
    const found = declared.get(name);
    if (!found) throw new Error(`shaders/${file}.wgsl has no binding "${name}" (call ${call.label})`);
    if ((found.type === "storage") !== written) {
      throw new Error(`shaders/${file}.wgsl: "${name}" is ${found.type}, but call ${call.label} says otherwise`);
    }
    bindings.set(name, found);
  };
  for (const name of Object.keys(call.reads)) bind(name, false);
  for (const name of Object.keys(call.writes)) bind(name, true);
  return { code, entry, bindings };
}

/** Operands that are stored as f16, by name. */
export function halfOperands({ reads, writes }: Pick<Call, "reads" | "writes">): string[] {
  const operands: readonly (readonly [string, Tensor])[] = [...Object.entries(reads), ...Object.entries(writes)];
  return operands.filter(([, { format }]) => format === "f16").map(([name]) => name);
}

/** Directives must come before all declarations. */
const DIRECTIVE = /^(?:enable|requires|diagnostic)\b.*;$/gm;

function assemble(file: string, chosen: Dialect): string {
  const parts = new Map<string, string>();
  gather(file, chosen, parts);
  const text = [...parts.values()].join("\n");
  return [...new Set(text.match(DIRECTIVE)), text.replaceAll(DIRECTIVE, "")].join("\n");
}

/** A file behind all that it uses, each once. */
function gather(path: string, chosen: Dialect, parts: Map<string, string>, user = ""): void {
  if (parts.has(path)) return;
  const text = SHADERS.get(path);
  if (text === undefined) {
    throw new Error(
      user === "" ? `there is no shaders/${path}.wgsl` : `shaders/${user}.wgsl uses ${path}, which does not exist`,
    );
  }
  const uses = /^\/\/ uses: (.+)$/m.exec(text)?.[1]?.split(" ") ?? [];
  for (const name of uses) gather(`lib/${chosen[name] ?? name}`, chosen, parts, path);
  parts.set(path, text);
}

function withConstants(code: string, call: Call): string {
  const unused = new Set(Object.keys(call.constants));
  const text = code.replaceAll(
    /^override (\w+): (\w+)(?: = ([^;]+))?;/gm,
    (_, name: string, type: string, byDefault) => {
      unused.delete(name);
      const value = call.constants[name];
      if (value === undefined && byDefault === undefined) throw new Error(`${call.label} gives no value for ${name}`);
      return `const ${name}: ${type} = ${value === undefined ? byDefault : literal(value, type)};`;
    },
  );
  if (unused.size > 0)
    throw new Error(`${call.label} gives ${[...unused].join(", ")}, which its shader does not declare`);
  return text;
}

function literal(value: number, type: string): string {
  if (type !== "f32") return `${value}`;
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}
