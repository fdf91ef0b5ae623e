/** One number of a run that is to be seen from afar. */
interface BigNumberProps {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly testid: string;
}

export function BigNumber({ label, value, note, testid }: BigNumberProps) {
  return (
    <div class="big">
      <span class="big-label">{label}</span>
      <span class="big-value number" data-testid={testid}>
        {value}
      </span>
      {note && <span class="soft number">{note}</span>}
    </div>
  );
}
