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
