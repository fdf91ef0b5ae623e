/**
 * The page's half of a cage in the browser: a frame of an opaque origin, whose own policy (`public/sandbox/frame.html`)
 * lets nothing in or out but two ports. Only a document can open frames; whoever runs programs (`frame-cage.ts`) may be
 * a worker, so the ports can be handed on.
 */
import cageText from "@/eval/sandbox/cage.mjs?raw";
import workerText from "@/eval/sandbox/cage-worker.mjs?raw";

export interface OpenFrame {
  readonly id: number;
  /** Programs in, verdicts out: held by the cage's worker alone. */
  readonly verdicts: MessagePort;
  /** Held by the frame: tells that the worker broke; anything sent ends it. */
  readonly life: MessagePort;
}

export interface FrameHost {
  open(): Promise<OpenFrame>;
  close(id: number): void | Promise<void>;
}

/** In a function, since globals are swept away. */
const WORKER = `(() => {\n"use strict";\n${cageText}\n${workerText}\n})();`;

/** `base` is the page's address. */
export function frameHost(document: Document, base: string): FrameHost {
  const frames = new Map<number, HTMLIFrameElement>();
  let count = 0;
  return {
    open: async () => {
      const frame = document.createElement("iframe");
      frame.sandbox.add("allow-scripts");
      frame.hidden = true;
      frame.title = "Sandbox";
      frame.src = new URL("sandbox/frame.html", base).href;
      const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
      document.body.append(frame);
      await loaded;
      const [verdicts, life] = [new MessageChannel(), new MessageChannel()];
      // An opaque origin has no name to send to.
      frame.contentWindow?.postMessage(WORKER, "*", [verdicts.port2, life.port2]);
      const id = count++;
      frames.set(id, frame);
      return { id, verdicts: verdicts.port1, life: life.port1 };
    },
    close: (id) => {
      frames.get(id)?.remove();
      frames.delete(id);
    },
  };
}
