/**
 * Keeps the record of a run while it goes on: events become curves, the record is saved every two seconds and at each
 * checkpoint. A record that cannot be saved is a warning, never the end of a run.
 */
import { addPoint } from "@/runs/curves";
import type { Measured, RunRecord, RunStatus } from "@/runs/record";
import type { RunStore } from "@/runs/store";
import type { RunEvent } from "@/worker/api/run";

export interface Recorder {
  readonly record: RunRecord;
  observe(events: readonly RunEvent[]): void;
  checkpoint(step: number, measured: Measured, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  note(message: string): void;
  save(): Promise<void>;
  /** The last save. */
  end(status: RunStatus): Promise<void>;
}

const SAVE_EVERY_MS = 2000;

/** `warn` hears once of what could not be saved. */
export function createRecorder(store: RunStore, record: RunRecord, warn: (message: string) => void): Recorder {
  const begun = performance.now() - 1000 * record.seconds;
  let saved = performance.now();
  let saving: Promise<void> = Promise.resolve();
  let warned = false;
  const guarded = async (task: () => Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      if (!warned)
        warn(`The run goes on, but its record is not saved: ${error instanceof Error ? error.message : error}`);
      warned = true;
    }
  };
  /** One at a time, in order, so that an older record never replaces a newer one. */
  const enqueue = (task: () => Promise<void>): Promise<void> => {
    saving = saving.then(() => guarded(task));
    return saving;
  };
  const save = () => {
    saved = performance.now();
    record.seconds = (saved - begun) / 1000;
    const copy = structuredClone(record);
    return enqueue(() => store.put(copy));
  };
  const observeOne = (event: RunEvent) => {
    const { series } = record;
    if (event.type === "step") {
      record.steps = event.step;
      addPoint(series, "loss", event.step, event.loss);
      addPoint(series, "grad_norm", event.step, event.gradNorm);
      addPoint(series, "learning_rate", event.step, event.lr);
      addPoint(series, "tokens_per_second", event.step, event.tokensPerSecond);
      addScalars(series, "", event.step, event.scalars);
    } else if (event.type === "eval") {
      if (event.loss !== undefined) addPoint(series, "eval_loss", event.step, event.loss);
      addScalars(series, "eval_", event.step, event.scalars);
    } else if (event.type === "samples") {
      record.samples.push({ step: event.step, samples: event.samples.map((sample) => ({ ...sample })) });
    } else if (event.type === "warning") {
      record.events.push({ step: record.steps, message: event.message });
    }
  };
  return {
    record,
    observe: (events) => {
      for (const event of events) observeOne(event);
      if (performance.now() - saved > SAVE_EVERY_MS) void save();
    },
    checkpoint: (step, measured, bytes) => enqueue(() => store.keepCheckpoint(record, step, measured, bytes)),
    save,
    note: (message) => void record.events.push({ step: record.steps, message }),
    end: (status) => {
      record.status = status;
      return save();
    },
  };
}

function addScalars(
  series: RunRecord["series"],
  prefix: string,
  step: number,
  scalars: Readonly<Record<string, number>> = {},
): void {
  for (const [name, value] of Object.entries(scalars)) addPoint(series, `${prefix}${name}`, step, value);
}
