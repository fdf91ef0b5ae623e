/**
 * The worker's end of the session: everything that computes lives on this side, so the page never waits for it.
 * The page's first message says where the page is; the session is made then.
 */
import { expose } from "comlink";
import type { FrameHost } from "@/eval/sandbox/frame";
import { createSession } from "@/session/session";
import type { Engine } from "@/worker/client";
import { browserPlatform } from "@/worker/platform";
import { installErrorTransfer } from "@/worker/transfer";

installErrorTransfer();

const worker = {
  start(base: string, engine: Engine, hub: string, frames: FrameHost): void {
    Object.assign(worker, createSession(browserPlatform(base, engine, hub, frames)));
  },
};

expose(worker);
