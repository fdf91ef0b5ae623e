/** A graphics process that stops: calls fail at once, and that the device is lost is told only later. */
import { expect, test } from "vitest";
import type { OpenedDevice } from "@/gpu/device";
import { createWebGpuTarget } from "@/gpu/webgpu-target";

const RAW = "A valid external Instance reference no longer exists.";

/** A device whose waits fail, and that is lost `after` milliseconds, or never. */
function failing(after?: number): OpenedDevice {
  const lost = new Promise((resolve) => {
    if (after !== undefined) setTimeout(() => resolve({ message: "", reason: "unknown" }), after);
  });
  const device = {
    features: new Set(),
    limits: { maxBufferSize: 1024, maxStorageBufferBindingSize: 1024 },
    lost,
    queue: { onSubmittedWorkDone: () => Promise.reject(new Error(RAW)) },
  } as unknown as GPUDevice;
  return { device, description: "failing", software: true, takeFailure: () => undefined };
}

const empty = { name: "empty", calls: [], pause: 0, slots: [], placeOf: new Map(), peakBytes: 0 };

test.each([0, 200])(
  "a device that is lost %i ms after its first failure is what whoever waits is told",
  async (after) => {
    const target = createWebGpuTarget(failing(after));
    const waits = [target.idle(), target.compile(empty, new Map())];
    for (const wait of await Promise.allSettled(waits)) {
      expect(wait).toMatchObject({ status: "rejected", reason: { code: "device/lost" } });
    }
  },
);

test("a failure of a device that lives stays what it is", async () => {
  await expect(createWebGpuTarget(failing()).idle()).rejects.toThrow(RAW);
});
