/** Which engine runs here, asked once at the start. Finding none is an ordinary fault with code "device/none". */
import { signal } from "@preact/signals";
import { report, session } from "@/ui/state/core";
import type { DeviceInfo } from "@/worker/api/device";

export const device = signal<DeviceInfo | null>(null);

export async function findDevice(): Promise<void> {
  try {
    device.value = await session().device();
  } catch (error) {
    report("device", error);
  }
}
