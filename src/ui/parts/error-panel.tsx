/** What went wrong and what to do, shown where it happened. */
import { clearFault, faults, type Place } from "@/ui/state/core";

export function ErrorPanel({ place }: { place: Place }) {
  const fault = faults.value[place];
  if (fault === undefined) return null;
  return (
    <div class="panel bad" role="alert" data-testid="error-panel" data-code={fault.code}>
      <div>
        <p class="panel-title">{fault.message}</p>
        {fault.hint && <p>{fault.hint}</p>}
      </div>
      {place !== "device" && (
        <button type="button" class="quiet small" onClick={() => clearFault(place)}>
          Dismiss
        </button>
      )}
    </div>
  );
}
