import { ms, number, percent } from '../format.js';
import type { Studio } from '../studio.js';

/** Predicted against measured: what the table said before anything ran, and what this browser took. */
export function Latency({ studio }: { studio: Studio }) {
  const subnet = studio.subnet.value;
  const { count, p50Ms, p95Ms } = studio.latency.value;
  const budgetMs = studio.budgetMs.value;
  const predicted = subnet?.predicted.latencyMs ?? 0;
  const measured = count >= 5 ? p50Ms : 0;
  const full = 1.12 * Math.max(budgetMs, predicted, measured);
  const width = (value: number) => `${Math.min(100, (100 * value) / full)}%`;
  const error = measured ? measured / predicted - 1 : undefined;
  return (
    <section class="card latency" aria-labelledby="latency-title">
      <h2 id="latency-title">Promise and delivery</h2>
      <dl class="bars" style={{ '--budget': width(budgetMs) }}>
        <div class="bar predicted">
          <dt>Predicted</dt>
          <dd>
            <span class="track">
              <span class="fill" style={{ width: width(predicted) }} />
            </span>
            <b data-testid="predicted">{number(predicted)}</b> ms
          </dd>
        </div>
        <div class="bar measured-bar">
          <dt>Measured</dt>
          <dd>
            <span class="track">
              <span class="fill" style={{ width: width(measured) }} />
            </span>
            <b data-testid="measured">{measured ? number(measured) : '…'}</b> ms
          </dd>
        </div>
      </dl>
      <p class="note">
        {error === undefined
          ? 'Pick a picture to measure.'
          : `${error >= 0 ? '+' : '−'}${Math.abs(100 * error).toFixed(0)}\u00a0% in the median of ${count}; 95\u00a0% within ${ms(p95Ms)}`}
      </p>
      <div class="accuracy">
        <p class="figure">{subnet?.accuracy === undefined ? '–' : percent(subnet.accuracy)}</p>
        <p class="note">predicted accuracy on images it has not seen</p>
      </div>
    </section>
  );
}
