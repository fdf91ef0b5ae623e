/** Gives the test the sandbox as the page would open it. */
import { frameCages } from "@/eval/sandbox/frame-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";

Object.assign(window, {
  openSandbox: (programMs: number) => createSandbox(frameCages(document, location.href), { programMs }),
});
