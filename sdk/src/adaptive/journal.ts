import type { AdaptiveEvents, Decision } from './decision.js';

/** How many decisions are remembered. */
export const journalLength = 200;

/** What was decided, and who wants to know. A listener that throws stops neither the others nor what the event is about. */
export class Journal {
  readonly #decisions: Decision[] = [];
  readonly #listeners = new Map<keyof AdaptiveEvents, Set<(event: never) => void>>();

  /** The newest, the oldest of them first. */
  get decisions(): readonly Decision[] {
    return [...this.#decisions];
  }

  record(decision: Decision): void {
    this.#decisions.push(decision);
    if (this.#decisions.length > journalLength) this.#decisions.shift();
    this.emit('decision', decision);
  }

  /** @returns ends the subscription */
  on<Type extends keyof AdaptiveEvents>(type: Type, listener: (event: AdaptiveEvents[Type]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<Type extends keyof AdaptiveEvents>(type: Type, event: AdaptiveEvents[Type]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        (listener as (event: AdaptiveEvents[Type]) => void)(event);
      } catch (error) {
        // Where the host reports errors that nobody caught.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** No listener is told of anything any more. */
  close(): void {
    this.#listeners.clear();
  }
}
