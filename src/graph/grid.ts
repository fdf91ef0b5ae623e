/** Lanes per workgroup of elementwise kernels; one lane handles one vec4. */
const LANES = 64;

/** Workgroups for `lanes` lanes. A side has at most 65,535, so long vectors fold into two dimensions. */
export function gridOf(lanes: number): readonly [number, number] {
  const groups = Math.ceil(lanes / LANES);
  const x = Math.min(groups, 32_768);
  return [x, Math.ceil(groups / x)];
}
