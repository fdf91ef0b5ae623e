/** The one question before money is spent: how much at most, and what leaves this machine. Escape and Enter mean no: "No" has the focus. */
import { useEffect, useRef } from "preact/hooks";
import { dollars } from "@/offload/job";
import { asking, preview, schedule, submit } from "@/ui/state/jobs-submit";

export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const found = preview.value;
  const ceiling = found?.ceilingDollars ?? null;
  if (!found || ceiling === null) return null;
  const close = () => {
    asking.value = false;
  };
  const often = schedule.value !== "";
  return (
    <dialog
      ref={dialog}
      class="jobs-confirm"
      aria-labelledby="jobs-confirm-title"
      data-testid="jobs-confirm"
      onClose={close}
    >
      <h2 id="jobs-confirm-title">
        Spend at most {dollars(ceiling)}
        {often && " on each run"}?
      </h2>
      <p>
        {found.flavor} of {found.namespace}, ended after {Math.ceil(found.timeoutSeconds / 60)} minutes at the latest.
        You pay for the minutes that it runs{often ? `, again and again (${schedule.value}) until you stop it` : ""}.
      </p>
      <h3>What leaves this machine</h3>
      <ul data-testid="jobs-leaves">
        {found.leaves.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" class="primary" data-testid="jobs-yes" onClick={() => void submit(ceiling)}>
          Yes, spend at most {dollars(ceiling)}
        </button>
        <button type="button" class="quiet" data-testid="jobs-no" autofocus onClick={close}>
          No
        </button>
      </div>
    </dialog>
  );
}
