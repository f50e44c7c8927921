import { words } from '../format.js';
import type { Studio } from '../studio.js';

const shown = 5;

export function Results({ studio }: { studio: Studio }) {
  const results = studio.results.value.slice(0, shown);
  return (
    <section class="card results" aria-labelledby="results-title">
      <h2 id="results-title">What it sees</h2>
      <ol aria-live={studio.live.value ? 'off' : 'polite'} data-testid="results">
        {results.map(({ className, probability }, rank) => (
          <li key={className} class={rank === 0 ? 'best' : ''}>
            <span class="name">{words(className)}</span>
            <span class="track" aria-hidden="true">
              <span class="fill" style={{ width: `${100 * probability}%` }} />
            </span>
            <span class="value">{(100 * probability).toFixed(0)} %</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
