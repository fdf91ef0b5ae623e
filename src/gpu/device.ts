/**
 * Finding a WebGPU device and asking it for all it has. Defaults of the standard (128 MB bindings, 256 MB buffers)
 * are too small for an embedding, so the adapter's own limits are requested.
 */
import { AppError } from "@/errors";

export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly description: string;
  readonly software: boolean;
  /** What the device reported since it was last asked, if anything; one listener, however many targets it serves. */
  readonly takeFailure: () => string | undefined;
}

/** Names under which CPU implementations of WebGPU show themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|software/i;

export async function openDevice(gpu: GPU | undefined): Promise<OpenedDevice> {
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new AppError("device/none", "There is no WebGPU adapter here.", {
      hint: "Use a current Chrome, Edge, Safari or Firefox with hardware acceleration on, or choose the CPU engine.",
    });
  }
  const { info, limits } = adapter;
  const wanted: GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];
  const device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    },
  });
  const description = nameOf(info) || "unnamed GPU";
  let failure: string | undefined;
  device.addEventListener("uncapturederror", (event) => {
    failure ??= event.error.message;
  });
  const takeFailure = () => {
    const message = failure;
    failure = undefined;
    return message;
  };
  return { device, description, takeFailure, software: isSoftware(info) };
}

const nameOf = ({ vendor, architecture, device, description }: GPUAdapterInfo) =>
  [vendor, architecture, device, description].filter((name) => name !== "").join(" ");

export const isSoftware = (info: GPUAdapterInfo): boolean => info.isFallbackAdapter || SOFTWARE.test(nameOf(info));
