/** A bar with its words; without a fraction it only says that something goes on. */
import { percent } from "@/ui/state/format";

export function Progress({ label, fraction }: { label: string; fraction: number | null }) {
  return (
    <div class="progress">
      <p>
        <span>{label}</span>
        {fraction !== null && <span class="number">{percent(fraction)}</span>}
      </p>
      <progress aria-label={label} {...(fraction === null ? {} : { value: fraction, max: 1 })} />
    </div>
  );
}

interface StoppableProps {
  readonly label: string;
  readonly fraction: number | null;
  readonly testid?: string;
  readonly stop: { readonly testid?: string; readonly disabled?: boolean; readonly onStop: () => void };
}

/** The same with a way to end it. */
export function StoppableProgress({ label, fraction, testid, stop }: StoppableProps) {
  return (
    <div class="actions" data-testid={testid}>
      <Progress label={label} fraction={fraction} />
      <button type="button" class="quiet" data-testid={stop.testid} disabled={stop.disabled} onClick={stop.onStop}>
        Stop
      </button>
    </div>
  );
}
