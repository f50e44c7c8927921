import { Budget } from './components/budget.js';
import { Curve } from './components/curve.js';
import { Header } from './components/header.js';
import { Latency } from './components/latency.js';
import { Live } from './components/live.js';
import { Network } from './components/network.js';
import { PictureCard } from './components/picture-card.js';
import { Results } from './components/results.js';
import { Tasks } from './components/tasks.js';
import type { Studio } from './studio.js';

export function App({ studio }: { studio: Studio }) {
  const phase = studio.phase.value;
  const ready = phase.kind === 'ready';
  return (
    <>
      <Header />
      <main>
        <div class="hero">
          <h1>
            Every budget gets <em>its own network</em>
          </h1>
          <p>
            One network was trained. Say what to tell apart and how long it may take; a small model picks the part that
            fits, and this page cuts it out and runs it. All in your browser.
          </p>
        </div>
        {phase.kind === 'loading' && <Loading what={phase.what} share={phase.share} />}
        {phase.kind === 'failed' && (
          <div class="card failure" role="alert">
            <h2>It did not start</h2>
            <p>{phase.message}</p>
          </div>
        )}
        {studio.notice.value && (
          <p class="notice" role="alert">
            {studio.notice.value}
          </p>
        )}
        {ready && (
          <div class="studio">
            <div class="asks">
              <Tasks studio={studio} />
              <Budget studio={studio} />
              <PictureCard studio={studio} />
              <Results studio={studio} />
            </div>
            <div class="answers">
              <Network studio={studio} />
              <div class="pair">
                <Curve studio={studio} />
                <Latency studio={studio} />
              </div>
              <Live studio={studio} />
            </div>
          </div>
        )}
      </main>
      <footer>
        <p>
          The pretrained bundle knows the ten classes of CIFAR-10, as 32 × 32 px.{' '}
          {studio.device.value && (
            <>Running on {studio.device.value}; latencies are predicted by a profile adapted to this browser.</>
          )}
        </p>
      </footer>
    </>
  );
}

function Loading({ what, share }: { what: string; share: number }) {
  return (
    <div class="card loading">
      <label for="progress">Loading {what}</label>
      <progress id="progress" max={1} value={share} />
    </div>
  );
}
