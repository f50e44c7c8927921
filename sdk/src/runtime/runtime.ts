import type { Tensor } from '../tensor/index.js';

/** What runs ONNX models. One interface; one file per host behind it. */
export interface Runtime {
  readonly name: string;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}

export interface SessionOptions {
  /** Threads that one run may use. Default: 1. */
  readonly threads?: number;
}

/** An opened model. Several runs may be under way at once. */
export interface Session {
  /** @throws DisposedError after `dispose` */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  /** Frees the model's memory once the runs under way are done. Calling it again does nothing. */
  dispose(): Promise<void>;
}
