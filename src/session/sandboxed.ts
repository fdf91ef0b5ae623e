/** Work that may run code from elsewhere: its sandbox lives as long as it does. */
import type { Sandbox } from "@/eval/sandbox/sandbox";
import type { Core } from "@/session/core";

export async function withSandbox<T>({ platform }: Core, work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  const sandbox = platform.sandbox();
  try {
    return await work(sandbox);
  } finally {
    sandbox.close();
  }
}
