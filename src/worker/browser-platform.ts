/**
 * What the core needs from a browser: an engine, and the files that came with the page. The engine is opened once, at
 * the first question, so that a page without one still loads and says so.
 */
import { AppError } from "@/errors";
import { openDevice } from "@/gpu/device";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import type { Platform } from "@/session/platform";

type OpenedTarget = Awaited<ReturnType<Platform["openTarget"]>>;

/** `base` is the page's address; the worker's own lies elsewhere once built. */
export function browserPlatform(base: string): Platform {
  let opened: Promise<OpenedTarget> | undefined;
  return {
    openTarget() {
      opened ??= openWebGpu();
      return opened;
    },
    bundled: (path) => fetchBundled(new URL(path, base)),
  };
}

async function openWebGpu(): Promise<OpenedTarget> {
  const device = await openDevice(navigator.gpu);
  const notice = device.software
    ? `WebGPU in software (${device.description}): everything works, but far slower than on a graphics card.`
    : `WebGPU on ${device.description}: training runs on your graphics card.`;
  return { target: createWebGpuTarget(device), notice };
}

async function fetchBundled(address: URL): Promise<Blob> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw new AppError("network/failed", `${address.pathname} could not be fetched.`, {
      hint: "Check the connection, then try again.",
      cause,
    });
  });
  // A server that answers every unknown path with the page would otherwise pass HTML off as a model.
  const page = response.headers.get("content-type")?.startsWith("text/html");
  if (!response.ok || page) {
    throw new AppError("model/missing-file", `${address.pathname} is not among the files of this page.`, {
      hint: "The page was published incompletely; build it again.",
    });
  }
  return response.blob();
}
