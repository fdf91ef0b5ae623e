/** Gives the test the sandbox as the page opens it. */
import { frameHost } from "@/eval/sandbox/frame";
import { frameCages } from "@/eval/sandbox/frame-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";

Object.assign(window, {
  openSandbox: (programMs: number) => createSandbox(frameCages(frameHost(document, location.href)), { programMs }),
});
