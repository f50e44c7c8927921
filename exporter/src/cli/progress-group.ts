import { noProgress, type Progress, showProgress } from './progress.js';

/** The progress of jobs one after the other: a new label ends the last one's. */
export class ProgressGroup {
  #shown: { readonly label: string; readonly progress: Progress } | undefined;

  constructor(readonly quiet = false) {}

  update(label: string, done: number, total: number, note?: string, secondsLeft?: number): void {
    this.#progress(label).update(done, total, note, secondsLeft);
  }

  log(line: string): void {
    if (this.quiet) return;
    if (this.#shown) this.#shown.progress.log(line);
    else process.stderr.write(`${line}\n`);
  }

  stop(): void {
    this.#shown?.progress.stop();
    this.#shown = undefined;
  }

  #progress(label: string): Progress {
    if (this.#shown?.label !== label) {
      this.stop();
      this.#shown = { label, progress: this.quiet ? noProgress : showProgress(label) };
    }
    return this.#shown.progress;
  }
}
