/** The text of every shader, by path under shaders/: "rmsnorm", "lib/reduce". */
const files = import.meta.glob<string>("/shaders/**/*.wgsl", { query: "?raw", import: "default", eager: true });

export const SHADERS: ReadonlyMap<string, string> = new Map(
  Object.entries(files).map(([path, text]) => [path.replace(/^\/shaders\//, "").replace(/\.wgsl$/, ""), text]),
);
