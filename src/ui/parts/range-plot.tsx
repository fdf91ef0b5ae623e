/** The range test: loss over a learning rate that grows by powers of ten. Points as measured, a line as smoothed. */
import type { RatePoint, RateReading } from "@/explain/rate-range";
import { useNarrow } from "@/ui/parts/use-narrow";
import { learningRate } from "@/ui/state/format";

const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 28;

export function RangePlot({ points, reading }: { points: readonly RatePoint[]; reading: RateReading | null }) {
  const width = useNarrow() ? 340 : 640;
  const sound = points.filter(({ loss }) => Number.isFinite(loss));
  if (sound.length < 2) return null;
  const first = sound[0]?.loss ?? 1;
  // What explodes leaves the picture, or it would flatten the rest.
  const top = Math.min(Math.max(...sound.map(({ loss }) => loss)), first * 1.6);
  const x = (rate: number) => LEFT + ((Math.log10(rate) + 6) / 6) * (width - LEFT - 12);
  const y = (loss: number) => 8 + (1 - Math.min(loss, top * 1.05) / (top * 1.05)) * (HEIGHT - BOTTOM - 8);
  const line = (reading?.smooth ?? []).filter(({ loss }) => loss <= top * 1.05);
  const decades = [-6, -5, -4, -3, -2, -1, 0];
  return (
    <svg class="range-plot" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={reading?.sentence ?? "Measuring"}>
      {decades.map((power) => (
        <g key={power}>
          <line class="grid" x1={x(10 ** power)} x2={x(10 ** power)} y1="8" y2={HEIGHT - BOTTOM} />
          <text x={x(10 ** power)} y={HEIGHT - 8} text-anchor="middle">
            {power === 0 ? "1" : `1e${power}`}
          </text>
        </g>
      ))}
      {[0, top / 2, top].map((value) => (
        <text key={value} x={LEFT - 8} y={y(value) + 4} text-anchor="end">
          {value.toFixed(1)}
        </text>
      ))}
      {sound.map(({ rate, loss }) => (
        <circle key={rate} cx={x(rate)} cy={y(loss)} r="2" />
      ))}
      <polyline points={line.map(({ rate, loss }) => `${x(rate).toFixed(1)},${y(loss).toFixed(1)}`).join(" ")} />
      {reading?.suggested && (
        <g class="chosen">
          <line x1={x(reading.suggested)} x2={x(reading.suggested)} y1="8" y2={HEIGHT - BOTTOM} />
          <text x={x(reading.suggested) + 6} y="20">
            {learningRate(reading.suggested)}
          </text>
        </g>
      )}
    </svg>
  );
}
