/** What the runner of kernel benches takes in turns: one graph in one form, ready to run. */
import type { OpenedDevice } from "@/gpu/device";
import type { ChooseForms } from "@/gpu/variants";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import { storagesOf } from "@/graph/graph";
import type { Call } from "@/graph/target";

export interface Entry {
  readonly name: string;
  /** Entries of one group are compared. */
  readonly group: string;
  readonly flops: number;
  run(): Promise<void>;
}

/** The call compiled in these forms and run once; its inputs hold what `contents` says, or zeros. */
export async function runnable(
  opened: OpenedDevice,
  forms: ChooseForms,
  name: string,
  call: Call,
  contents: (name: string, words: number) => ArrayBufferView | undefined,
): Promise<() => Promise<void>> {
  const target = createWebGpuTarget(opened, { forms });
  const buffers = new Map(storagesOf([call], true).map(({ name, bytes }) => [name, target.allocate(bytes, name)]));
  for (const [key, buffer] of buffers) {
    const values = contents(key, buffer.bytes / 4);
    if (values) target.write(buffer, values);
  }
  const program = { name, calls: [call], pause: 1, slots: [], placeOf: new Map(), peakBytes: 0 };
  const executable = await target.compile(program, buffers);
  const run = async () => {
    await executable.run();
    await target.idle();
  };
  const start = performance.now();
  await run();
  console.log(`${name}: first run ${(performance.now() - start).toFixed(0)} ms`);
  return run;
}
