import { Worker } from 'node:worker_threads';
import type { Tensor } from '@easel/sdk/tensor';
import type { Views } from './batches.js';

export interface RenderRequest {
  readonly views: Views;
  readonly resolutions: readonly number[];
}

export type RenderAnswer = { readonly images: readonly Tensor[] } | { readonly error: string };

interface Waiting {
  resolve(images: readonly Tensor[]): void;
  reject(error: Error): void;
}

/** A thread that augments, normalizes and resizes images while the main one trains. Answers come in order. */
export class RenderThread {
  readonly #worker = new Worker(new URL('./render-worker.js', import.meta.url));
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor() {
    this.#worker.on('message', (answer: RenderAnswer) => {
      const waiting = this.#waiting.shift();
      if ('images' in answer) waiting?.resolve(answer.images);
      else waiting?.reject(new Error(`a batch could not be prepared: ${answer.error}`));
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread that prepares batches ended with ${code}`)));
  }

  /** One tensor per resolution. */
  render(request: RenderRequest): Promise<readonly Tensor[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    const images = new Promise<readonly Tensor[]>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    // Whoever prepares ahead may never come to ask.
    images.catch(() => {});
    this.#worker.postMessage(request);
    return images;
  }

  async dispose(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
