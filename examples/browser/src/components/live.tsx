import { number } from '../format.js';
import { useWidth } from '../hooks.js';
import type { Studio } from '../studio.js';

const height = 96;
const shownDecisions = 4;

/** Watching: the latency of every inference against the budget, and what was decided about it. */
export function Live({ studio }: { studio: Studio }) {
  const adapting = studio.adapting.value;
  return (
    <section class="card live" aria-labelledby="live-title">
      <div class="title">
        <h2 id="live-title">Keep the budget when the device slows down</h2>
        <div class="switches">
          <label class="switch">
            <input
              type="checkbox"
              checked={adapting}
              onChange={(event) => studio.setAdapting(event.currentTarget.checked)}
            />
            <span>adapt</span>
          </label>
          <label class="switch">
            <input
              type="checkbox"
              checked={studio.disturbed.value}
              disabled={!adapting}
              onChange={(event) => studio.disturb(event.currentTarget.checked)}
            />
            <span>load the CPU</span>
          </label>
        </div>
      </div>
      {adapting ? (
        <>
          <Strip studio={studio} />
          <ol class="decisions">
            {studio.decisions.value
              .slice(-shownDecisions)
              .reverse()
              .map(({ time, kind, reason }) => (
                <li key={`${time.getTime()} ${reason}`}>
                  <span class={`kind ${kind}`}>{kind.replace('-', ' ')}</span> {reason}
                </li>
              ))}
          </ol>
        </>
      ) : (
        <p class="note">
          Switch it on, and the page classifies all the time, watches what that takes, and moves to a smaller network
          when more than 5 % of the images exceed the budget; and back when there is room again.
        </p>
      )}
    </section>
  );
}

function Strip({ studio }: { studio: Studio }) {
  const [ref, width] = useWidth<HTMLDivElement>(600);
  const latencies = studio.strip.value;
  const budgetMs = studio.budgetMs.value;
  const full = 2.4 * budgetMs;
  const step = (width - 2) / 150;
  const { p95Ms, slowdown } = studio.latency.value;
  const budgetY = height - (budgetMs / full) * height;
  return (
    <div ref={ref} class="strip">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label="Latency of the newest images"
      >
        {latencies.map((latency, i) => {
          const tall = Math.min(height, (latency / full) * height);
          return (
            <rect
              key={i}
              class={latency > budgetMs ? 'over' : 'kept'}
              x={i * step}
              y={height - tall}
              width={Math.max(1, step - 1)}
              height={tall}
            />
          );
        })}
        <line class="budget-line" x1={0} x2={width} y1={budgetY} y2={budgetY} />
        <text class="budget-text" x={width - 4} y={budgetY - 5} text-anchor="end">
          budget {number(budgetMs)} ms
        </text>
      </svg>
      <p class="note">
        95 % within <b>{number(p95Ms)} ms</b>; the device takes {slowdown.toFixed(2)} times what its table says
      </p>
    </div>
  );
}
