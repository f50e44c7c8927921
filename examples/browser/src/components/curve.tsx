import { ms, percent } from '../format.js';
import { useWidth } from '../hooks.js';
import type { Studio } from '../studio.js';

const height = 268;
const margin = { top: 18, right: 14, bottom: 42, left: 46 };

/** Accuracy against latency: what the generator would choose at every budget, what runs now, and what was measured. */
export function Curve({ studio }: { studio: Studio }) {
  const [ref, width] = useWidth<HTMLDivElement>(520);
  const points = studio.points.value.filter(({ accuracy }) => accuracy !== undefined);
  const subnet = studio.subnet.value;
  const measured = studio.measured.value;
  const budgetMs = studio.budgetMs.value;
  const accuracies = points.map(({ accuracy }) => accuracy as number);
  const [low, high] = [Math.min(...accuracies), Math.max(...accuracies)];
  const pad = Math.max(0.004, 0.18 * (high - low));
  const longest = Math.max(studio.range.value.most, ...[...measured.values()].map(({ p50Ms }) => p50Ms)) * 1.06;
  const x = (latencyMs: number) => margin.left + (latencyMs / longest) * (width - margin.left - margin.right);
  const y = (accuracy: number) =>
    margin.top + ((high + pad - accuracy) / (high - low + 2 * pad)) * (height - margin.top - margin.bottom);
  const line = points.map((point) => `${x(point.latencyMs)},${y(point.accuracy as number)}`).join(' ');
  const floor = height - margin.bottom;
  return (
    <section class="card curve" aria-labelledby="curve-title">
      <h2 id="curve-title">Accuracy for time</h2>
      <div ref={ref}>
        {points.length === 0 ? (
          <p class="note">This bundle predicts no accuracy for this choice.</p>
        ) : (
          <svg
            viewBox={`0 0 ${width} ${height}`}
            width={width}
            height={height}
            role="img"
            aria-label={described(studio)}
          >
            <defs>
              <linearGradient id="under" x1="0" x2="0" y1="0" y2="1">
                <stop offset="0" class="under-top" />
                <stop offset="1" class="under-bottom" />
              </linearGradient>
            </defs>
            {ticks(low - pad, high + pad, 4).map((tick) => (
              <g key={tick}>
                <line class="grid" x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} />
                <text class="tick" x={margin.left - 8} y={y(tick) + 4} text-anchor="end">
                  {(100 * tick).toFixed(0)} %
                </text>
              </g>
            ))}
            {ticks(0, longest, 5).map((tick) => (
              <text key={tick} class="tick" x={x(tick)} y={floor + 18} text-anchor="middle">
                {Number(tick.toPrecision(3))}
              </text>
            ))}
            <text class="tick" x={width - margin.right} y={height - 2} text-anchor="end">
              ms per image, predicted
            </text>
            <rect
              class="beyond"
              x={x(budgetMs)}
              y={margin.top}
              width={Math.max(0, width - margin.right - x(budgetMs))}
              height={floor - margin.top}
            />
            <polygon
              fill="url(#under)"
              points={`${x(points[0]?.latencyMs ?? 0)},${floor} ${line} ${x(points.at(-1)?.latencyMs ?? 0)},${floor}`}
            />
            <polyline class="frontier" points={line} />
            {points.map(({ name, latencyMs, accuracy }) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse; the slider does the same
              <circle
                key={name}
                class="choice"
                cx={x(latencyMs)}
                cy={y(accuracy as number)}
                r={4}
                onClick={() => studio.setBudget(latencyMs * 1.0001)}
              >
                <title>{`${ms(latencyMs)}, ${percent(accuracy as number)}: ${name}`}</title>
              </circle>
            ))}
            {[...measured].map(([name, { p50Ms, accuracy }]) =>
              accuracy === undefined ? null : (
                <circle key={name} class="measured" cx={x(p50Ms)} cy={y(accuracy)} r={5}>
                  <title>{`measured: ${ms(p50Ms)}: ${name}`}</title>
                </circle>
              ),
            )}
            <line class="budget-line" x1={x(budgetMs)} x2={x(budgetMs)} y1={margin.top - 6} y2={floor} />
            <text class="budget-text" x={x(budgetMs)} y={margin.top - 8} text-anchor={anchor(x(budgetMs), width)}>
              budget
            </text>
            {subnet?.accuracy !== undefined && subnet.predicted.latencyMs !== undefined && (
              <g
                class="current"
                style={{ transform: `translate(${x(subnet.predicted.latencyMs)}px, ${y(subnet.accuracy)}px)` }}
              >
                <circle class="halo" r={13} />
                <circle class="dot" r={6.5} />
              </g>
            )}
          </svg>
        )}
      </div>
      <p class="legend note">
        <span class="key current-key" /> runs now
        <span class="key choice-key" /> chosen at other budgets
        <span class="key measured-key" /> measured here
      </p>
    </section>
  );
}

function described({ subnet, budgetMs, points }: Studio): string {
  const now = subnet.value;
  const accuracy = now?.accuracy === undefined ? '' : `, predicted accuracy ${percent(now.accuracy)}`;
  const [first, last] = [points.value[0], points.value.at(-1)];
  const range =
    first?.accuracy !== undefined && last?.accuracy !== undefined
      ? ` Accuracy goes from ${percent(first.accuracy)} at ${ms(first.latencyMs)} to ${percent(last.accuracy)} at ${ms(last.latencyMs)}.`
      : '';
  return `Accuracy against latency. Budget ${ms(budgetMs.value)}${accuracy}.${range}`;
}

const anchor = (x: number, width: number) => (x > width - 40 ? 'end' : x < 70 ? 'start' : 'middle');

/** Round numbers from a range, about as many as wanted. */
function ticks(from: number, to: number, wanted: number): number[] {
  const raw = (to - from) / wanted;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * magnitude >= raw) ?? 10) * magnitude;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step);
}
