/** Lanes per workgroup of elementwise kernels; one lane handles one vec4. */
const LANES = 64;

const SIDE = 4096;

/** As many workgroups, folded where they are more than one side of a grid may hold. */
export function oneGroupEach(count: number): readonly [number, number] {
  const y = Math.ceil(count / SIDE);
  return [Math.ceil(count / y), y];
}

/** Workgroups for `lanes` lanes. A side has at most 65,535, so long vectors fold into two dimensions. */
export function gridOf(lanes: number): readonly [number, number] {
  const groups = Math.ceil(lanes / LANES);
  const x = Math.min(groups, 32_768);
  return [x, Math.ceil(groups / x)];
}
