import { words } from '../format.js';
import type { Studio } from '../studio.js';

export function Tasks({ studio }: { studio: Studio }) {
  const picked = studio.picked.value;
  return (
    <section class="card" aria-labelledby="tasks-title">
      <h2 id="tasks-title">
        <span class="step">1</span> What to tell apart
      </h2>
      <fieldset class="chips">
        <legend class="hidden">Tasks: one or more</legend>
        {Object.entries(studio.tasks.value).map(([task, classes]) => (
          <label key={task} title={classes.map(words).join(', ')}>
            <input
              type="checkbox"
              name="task"
              value={task}
              checked={picked.has(task)}
              // A controlled box: unticking the last one leaves it ticked.
              onClick={(event) => {
                if (picked.size === 1 && picked.has(task)) event.preventDefault();
              }}
              onChange={() => studio.toggleTask(task)}
            />
            <span>{words(task)}</span>
          </label>
        ))}
      </fieldset>
      <p class="note">
        {studio.classes.value.length} classes: {studio.classes.value.map(words).join(', ')}
      </p>
    </section>
  );
}
