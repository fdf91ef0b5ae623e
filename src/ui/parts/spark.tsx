/** A curve the size of a word. The numbers beside it say the same, so readers skip it. */
const WIDTH = 96;
const HEIGHT = 26;

export function Spark({ values, colour }: { values: readonly number[]; colour: string }) {
  if (values.length < 2) return <span class="spark" />;
  const most = Math.max(...values);
  const least = Math.min(0, ...values);
  const x = (i: number) => (1 + (i * (WIDTH - 2)) / (values.length - 1)).toFixed(1);
  const y = (value: number) =>
    (HEIGHT - 2 - ((value - least) / Math.max(1e-9, most - least)) * (HEIGHT - 4)).toFixed(1);
  const points = values.map((value, i) => `${x(i)},${y(value)}`).join(" ");
  return (
    <svg class="spark" aria-hidden="true" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      <polyline points={points} fill="none" stroke={`var(${colour})`} stroke-width="1.75" stroke-linejoin="round" />
    </svg>
  );
}
