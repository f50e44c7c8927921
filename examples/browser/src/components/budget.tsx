import { number } from '../format.js';
import type { Studio } from '../studio.js';

const steps = 100;

export function Budget({ studio }: { studio: Studio }) {
  const { least, most } = studio.range.value;
  const budgetMs = studio.budgetMs.value;
  const share = (latencyMs: number) => (latencyMs - least) / (most - least);
  return (
    <section class="card budget" aria-labelledby="budget-title">
      <h2 id="budget-title">
        <span class="step">2</span> How long it may take
      </h2>
      <output for="budget" class="figure">
        {number(budgetMs)} <small>ms</small>
      </output>
      <p class="note rate">{Math.round(1000 / budgetMs).toLocaleString('en')} images per second</p>
      <div class="slider">
        <input
          id="budget"
          type="range"
          aria-label="Budget: milliseconds per image"
          aria-valuetext={`${number(budgetMs)} milliseconds`}
          min={0}
          max={steps}
          step={1}
          value={Math.round(steps * share(budgetMs))}
          style={{ '--share': share(budgetMs) }}
          onInput={(event) => studio.setBudget(least + (Number(event.currentTarget.value) / steps) * (most - least))}
        />
        <svg class="ticks" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          {studio.points.value.map(({ name, latencyMs }) => (
            <line key={name} x1={100 * share(latencyMs)} x2={100 * share(latencyMs)} y1={0} y2={6} />
          ))}
        </svg>
        <div class="ends note" aria-hidden="true">
          <span>{number(least)}</span>
          <span>{number(most)} ms</span>
        </div>
      </div>
    </section>
  );
}
