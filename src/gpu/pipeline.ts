/**
 * Pipelines by source and entry, each made once and asynchronously. Two programs that call the same kernel with the
 * same constants share one; a failed compile is forgotten, so that a later call may try again.
 */

import { AppError } from "@/errors";
import { type Dialect, halfOperands, kernelSource } from "@/gpu/kernel";
import type { Launch } from "@/gpu/products";

export interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Operand name → binding number. */
  readonly bindings: ReadonlyMap<string, number>;
}

export type PipelineCache = (call: Launch) => Promise<Kernel>;

export function createPipelineCache(device: GPUDevice, dialect: Dialect): PipelineCache {
  const kernels = new Map<string, Promise<Kernel>>();
  const modules = new Map<string, GPUShaderModule>();
  return (call) => {
    const format = call.reads.w?.format ?? "";
    const names = [...Object.keys(call.reads), ...Object.keys(call.writes)].join();
    const libraries = Object.values(call.libraries).join();
    const key = `${call.kernel} ${format} ${libraries} ${names} ${halfOperands(call)} ${JSON.stringify(call.constants)}`;
    let kernel = kernels.get(key);
    if (!kernel) {
      kernel = createKernel(device, dialect, modules, call);
      kernels.set(key, kernel);
      kernel.catch(() => kernels.delete(key));
    }
    return kernel;
  };
}

async function createKernel(
  device: GPUDevice,
  dialect: Dialect,
  modules: Map<string, GPUShaderModule>,
  call: Launch,
): Promise<Kernel> {
  const { code, entry, bindings } = kernelSource(call, { ...dialect, ...call.libraries });
  let module = modules.get(code);
  if (!module) {
    module = device.createShaderModule({ code, label: call.kernel });
    modules.set(code, module);
  }
  const layout = device.createBindGroupLayout({
    label: call.kernel,
    entries: [...bindings.values()].map(({ index, type }) => ({
      binding: index,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: call.label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: entry },
    });
    return { pipeline, layout, bindings: new Map([...bindings].map(([name, { index }]) => [name, index])) };
  } catch (cause) {
    throw new AppError(
      "internal",
      `The kernel ${call.kernel} does not compile: ${await diagnose(module, code, cause)}`,
      { cause },
    );
  }
}

/** Every compiler message with its line. */
async function diagnose(module: GPUShaderModule, code: string, cause: unknown): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const lines = code.split("\n");
  const found = messages
    .filter(({ type }) => type === "error")
    .map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}\n    ${lines[lineNum - 1] ?? ""}`);
  return found.length > 0 ? found.join("\n") : String(cause);
}
