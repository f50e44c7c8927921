import { setTimeout as sleep } from 'node:timers/promises';

const side = 32;
/** What each camera waits between an answer and its next image. */
const pauseMs = 2;
/** How many columns of latencies are kept, each the 95th percentile of half a second. */
const columns = 240;
const columnMs = 500;

/** Cameras that send one image after the other to a classifier; as many as `count` says. */
export class Cameras {
  #classifier;
  #running = [];
  #wanted = 0;
  #column = [];
  #columnSince = performance.now();
  /** The 95th percentiles of the last half-seconds, in ms, the oldest first. */
  recent = [];

  constructor(classifier) {
    this.#classifier = classifier;
    classifier.on('inference', ({ ms }) => this.#record(ms));
  }

  get count() {
    return this.#wanted;
  }

  set count(wanted) {
    this.#wanted = wanted;
    while (this.#running.length < wanted) this.#running.push(this.#film(this.#running.length));
  }

  async stop() {
    this.#wanted = 0;
    await Promise.all(this.#running);
  }

  async #film(index) {
    // Noise: what is in a picture does not change how long it takes.
    const data = Uint8Array.from({ length: side * side * 3 }, () => 256 * Math.random());
    while (index < this.#wanted) {
      await this.#classifier.classify({ data, width: side, height: side, channels: 3 });
      await sleep(pauseMs);
    }
    this.#running.length = Math.min(this.#running.length, index);
  }

  #record(ms) {
    this.#column.push(ms);
    if (performance.now() - this.#columnSince < columnMs) return;
    const sorted = this.#column.sort((a, b) => a - b);
    this.recent = [...this.recent, sorted[Math.ceil(0.95 * sorted.length) - 1]].slice(-columns);
    this.#column = [];
    this.#columnSince = performance.now();
  }
}
