/**
 * Errors over the worker border. Comlink alone keeps name, message and stack; ours also need code and hint, which the
 * page shows and tests read. Both sides call this once before anything else is sent.
 */
import { transferHandlers } from "comlink";
import { fromWire, toWire, type WireError } from "@/errors";

export function installErrorTransfer(): void {
  const standard = transferHandlers.get("throw");
  if (standard === undefined) return;
  transferHandlers.set("throw", {
    canHandle: standard.canHandle,
    serialize: (thrown: unknown) => [toWire((thrown as { value: unknown }).value), []],
    deserialize: (wire: WireError) => {
      throw fromWire(wire);
    },
  });
}
