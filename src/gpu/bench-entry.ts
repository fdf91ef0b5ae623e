/** What the runner of kernel benches takes in turns: one graph in one form, ready to run. */
import type { OpenedDevice } from "@/gpu/device";
import { buffersFor, programOf } from "@/gpu/trial-calls";
import type { ChooseForms, ProductClass } from "@/gpu/variants";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import type { Call } from "@/graph/target";

export interface Entry {
  readonly name: string;
  /** Entries of one group are compared. */
  readonly group: string;
  readonly flops: number;
  run(): Promise<void>;
}

/** The call compiled in these forms and run once; its inputs hold what trials of the class give theirs. */
export async function runnable(
  opened: OpenedDevice,
  forms: ChooseForms,
  name: string,
  call: Call,
  className: ProductClass,
): Promise<() => Promise<void>> {
  const target = createWebGpuTarget(opened, { forms });
  const executable = await target.compile(programOf(name, call, 1), buffersFor(target, call, className));
  const run = async () => {
    await executable.run();
    await target.idle();
  };
  const start = performance.now();
  await run();
  console.log(`${name}: first run ${(performance.now() - start).toFixed(0)} ms`);
  return run;
}
