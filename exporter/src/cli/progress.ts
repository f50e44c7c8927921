import { Presets, SingleBar } from 'cli-progress';

/** Progress of one job, for a person. */
export interface Progress {
  /** @param secondsLeft where the job knows better than `elapsed / done * rest` */
  update(done: number, total: number, note?: string, secondsLeft?: number): void;
  /** Prints a line of its own, above a bar. */
  log(line: string): void;
  /** Leaves the last state to be read. */
  stop(): void;
}

type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** A bar on a terminal; elsewhere a plain line every `lineSeconds`. Goes to stderr, so that stdout holds results only. */
export function showProgress(label: string, options: { stream?: Stream; lineSeconds?: number } = {}): Progress {
  const { stream = process.stderr, lineSeconds = 15 } = options;
  return stream.isTTY ? new Bar(label, stream) : new Lines(label, stream, lineSeconds * 1000);
}

/** For --quiet. */
export const noProgress: Progress = { update() {}, log() {}, stop() {} };

class Clock {
  #started = performance.now();
  #lastDone = 0;

  /** Jobs that start over, such as the next collection of statistics, are timed anew. */
  secondsLeft(done: number, total: number): number {
    if (done < this.#lastDone) this.#started = performance.now();
    this.#lastDone = done;
    return done > 0 ? ((performance.now() - this.#started) / 1000 / done) * (total - done) : Number.NaN;
  }
}

class Bar implements Progress {
  readonly #bar: SingleBar;
  readonly #clock = new Clock();
  #running = false;

  constructor(
    label: string,
    readonly stream: Stream,
  ) {
    const format = `${label.padEnd(14)} [{bar}] {percentage}% | {left}{note}`;
    this.#bar = new SingleBar({ format, stream, hideCursor: false, barsize: 24, fps: 5 }, Presets.legacy);
  }

  update(done: number, total: number, note = '', secondsLeft = this.#clock.secondsLeft(done, total)): void {
    const payload = { left: done < total ? `${formatLeft(secondsLeft)} ` : '', note };
    if (!this.#running) this.#bar.start(total, done, payload);
    this.#running = true;
    this.#bar.setTotal(total);
    this.#bar.update(done, payload);
  }

  log(line: string): void {
    // The bar draws itself again below.
    if (this.#running) this.stream.write('\r\x1b[K');
    this.stream.write(`${line}\n`);
  }

  stop(): void {
    if (this.#running) this.#bar.stop();
    this.#running = false;
  }
}

class Lines implements Progress {
  readonly #clock = new Clock();
  #printedAt = performance.now();
  #pending: string | undefined;

  constructor(
    readonly label: string,
    readonly stream: Stream,
    readonly everyMs: number,
  ) {}

  update(done: number, total: number, note = '', secondsLeft = this.#clock.secondsLeft(done, total)): void {
    const left = done < total ? `, ${formatLeft(secondsLeft)}` : '';
    this.#pending = `${this.label} ${done}/${total}${left}${note ? `, ${note}` : ''}`;
    if (done >= total || performance.now() - this.#printedAt >= this.everyMs) this.#print();
  }

  log(line: string): void {
    this.stream.write(`${line}\n`);
  }

  stop(): void {
    this.#print();
  }

  #print(): void {
    if (this.#pending !== undefined) this.stream.write(`${this.#pending}\n`);
    this.#pending = undefined;
    this.#printedAt = performance.now();
  }
}

/** "2 min 05 s left" */
function formatLeft(seconds: number): string {
  return Number.isFinite(seconds) ? `${formatSeconds(seconds)} left` : 'starting';
}

export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}
