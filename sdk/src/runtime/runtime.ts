import type { Tensor } from '../tensor/index.js';

/** What may run the arithmetic: ONNX Runtime's execution providers. */
export const providers = ['auto', 'cpu', 'wasm', 'webgpu'] as const;
export type Provider = Exclude<(typeof providers)[number], 'auto'>;

/** What runs ONNX models. One interface; one file per host behind it. */
export interface Runtime {
  readonly name: string;
  /**
   * Loads ONNX Runtime and settles what sessions will run on.
   *
   * @throws InvalidRequestError if this host never has the wanted provider
   * @throws RuntimeLoadError, MissingDependencyError if nothing can run here
   */
  start(options?: RuntimeOptions): Promise<Execution>;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
  /** Of ONNX Runtime, once it was started. */
  version(): Promise<string>;
}

export interface RuntimeOptions {
  /** Default: auto, the best that is there. */
  readonly provider?: (typeof providers)[number] | undefined;
  /** Threads that one run may use. Default: 1. */
  readonly threads?: number | undefined;
  /** Browsers: where onnxruntime-web's .wasm files are, if not beside its script. */
  readonly wasmUrl?: WasmUrl | undefined;
}

/** Of onnxruntime-web's two builds, each of which has a .wasm file of its own; a single address is the Wasm build's. */
export type WasmUrl = string | URL | { readonly wasm?: string | URL; readonly webgpu?: string | URL };

/** What sessions run on. */
export interface Execution {
  readonly provider: Provider;
  readonly threads: number;
  /** Why it is not WebGPU or not as many threads as were wanted: sentences for a person. */
  readonly reasons: readonly string[];
}

export interface SessionOptions {
  /** As `start` settled it. Default: the host's CPU. */
  readonly provider?: Provider;
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
