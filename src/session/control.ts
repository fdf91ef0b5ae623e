/** How a run is steered from outside. */
import { AppError } from "@/errors";

/** What the outside may say to a run; looked at between steps. */
export interface RunControl {
  stopped: boolean;
  /** Ends the run there, kept as if it had been stopped. */
  readonly until?: number | undefined;
  /** Pending while paused. */
  paused: Promise<void> | undefined;
  /** Of runs that can stand still: called when one does, and at its end. Whoever pauses waits for it. */
  onStill?: (() => void) | undefined;
  /** For work that is not looked at between steps. */
  readonly onStop?: () => void;
}

/** For a session that is asked to do two things at once. */
export function busy(): AppError {
  return new AppError("usage", "A run is under way.", { hint: "Wait for it to end, or stop it first." });
}
