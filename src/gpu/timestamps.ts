/**
 * Milliseconds of each dispatch by the GPU's own clock: one compute pass per dispatch, a timestamp at both ends, one wait
 * for all. Browsers round timestamps to 100 µs unless they are told otherwise, so tiny kernels read 0 there; sums hold.
 */

/** Two timestamps each; a query set holds at most 4,096. */
const PASSES_PER_SET = 1024;

export async function timestamps(
  device: GPUDevice,
  count: number,
  encode: (encoder: GPUCommandEncoder, i: number, timestampWrites: GPUComputePassTimestampWrites) => void,
): Promise<Float64Array> {
  const times = new Float64Array(count);
  for (let start = 0; start < count; start += PASSES_PER_SET) {
    const size = Math.min(PASSES_PER_SET, count - start);
    const ticks = await ticksOf(device, size, (encoder, i, writes) => encode(encoder, start + i, writes));
    for (let i = 0; i < size; i++) {
      // Nanoseconds; a clock that runs backwards over a power state counts as nothing.
      times[start + i] = Math.max(0, Number((ticks[2 * i + 1] ?? 0n) - (ticks[2 * i] ?? 0n)) / 1e6);
    }
  }
  return times;
}

async function ticksOf(device: GPUDevice, size: number, encode: Parameters<typeof timestamps>[2]) {
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * size });
  const bytes = 16 * size;
  const resolved = device.createBuffer({ size: bytes, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  try {
    for (let i = 0; i < size; i++) {
      // A submit each, so that the device is never busy with one for long.
      const encoder = device.createCommandEncoder();
      encode(encoder, i, { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 });
      device.queue.submit([encoder.finish()]);
    }
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, 2 * size, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    return new BigInt64Array(staging.getMappedRange().slice(0));
  } finally {
    for (const item of [querySet, resolved, staging]) item.destroy();
  }
}
