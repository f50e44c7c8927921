import type { InferenceSession } from 'onnxruntime-web';
import { InvalidRequestError, MissingDependencyError, RuntimeLoadError } from '../errors/index.js';
import { GraphBuilder } from '../onnx/index.js';
import { tensor } from '../tensor/index.js';
import { GuardedSession } from './guarded-session.js';
import { InTurn } from './in-turn.js';
import { runOrt } from './ort-tensors.js';
import type { Execution, Provider, Runtime, RuntimeOptions, WasmUrl } from './runtime.js';
import { webGpuAbsence } from './webgpu.js';

/** ONNX Runtime comes to browsers in two builds, each with a .wasm file of its own: 14 MB, and 27 MB with WebGPU. */
type WebProvider = Exclude<Provider, 'cpu'>;
const builds = {
  wasm: () => import('onnxruntime-web/wasm'),
  webgpu: () => import('onnxruntime-web/webgpu'),
};
type Ort = Awaited<ReturnType<(typeof builds)[WebProvider]>>;

/** By provider: what the page has started so far. A failure is not remembered. */
const started = new Map<WebProvider, Promise<{ ort: Ort; threads: number }>>();
/** Where the .wasm files are, as last told: a page on WebGPU runs the generator on the other build, later. */
let wasmPlaces: WasmUrl | undefined;
/** Creating two sessions at once is an error in onnxruntime-web; so are two runs at once on WebGPU. */
const turns = new InTurn();

/** ONNX Runtime's WebAssembly build: SIMD; threads where the page is cross-origin isolated; WebGPU where there is one. */
export const webRuntime: Runtime = {
  name: 'onnxruntime-web',

  async start({ provider = 'auto', threads = 1, wasmUrl }: RuntimeOptions = {}): Promise<Execution> {
    if (provider === 'cpu') throw new InvalidRequestError('provider', provider, 'auto, wasm or webgpu in a browser');
    wasmPlaces = wasmUrl ?? wasmPlaces;
    const reasons: string[] = [];
    if (provider !== 'wasm') {
      let absence = await webGpuAbsence({ software: provider === 'webgpu' });
      if (absence === undefined) {
        try {
          await startBuild('webgpu', 1);
          return { provider: 'webgpu', threads: 1, reasons };
        } catch (error) {
          absence = `WebGPU failed to start (${(error as Error).message})`;
        }
      }
      reasons.push(`${absence}; running on Wasm instead`);
    }
    const possible = await usableThreads(threads, reasons);
    const { threads: settled } = await startBuild('wasm', possible);
    if (settled < possible) reasons.push(`threads: this page started ONNX Runtime with ${settled}; reload it for more`);
    return { provider: 'wasm', threads: Math.min(settled, possible), reasons };
  },

  async version() {
    const [build] = await Promise.all(started.values());
    return build?.ort.env.versions.web ?? 'unknown';
  },

  async createSession(model, { provider = 'wasm', threads = 1 } = {}) {
    const { ort } = await startBuild(provider as WebProvider, threads);
    const session = await turns.run(() => openSession(ort, model, provider));
    return new GuardedSession({
      run: (feeds) =>
        provider === 'webgpu' ? turns.run(() => runOrt(ort, session, feeds)) : runOrt(ort, session, feeds),
      dispose: () => turns.run(() => session.release()),
    });
  },
};

async function usableThreads(wanted: number, reasons: string[]): Promise<number> {
  if (wanted <= 1 || globalThis.crossOriginIsolated) return wanted;
  reasons.push((await import('./web-diagnosis.js')).explainNoThreads());
  return 1;
}

function startBuild(provider: WebProvider, threads: number): Promise<{ ort: Ort; threads: number }> {
  let build = started.get(provider);
  if (!build) {
    build = initialize(provider, threads);
    started.set(provider, build);
    build.catch(() => started.delete(provider));
  }
  return build;
}

/** Nothing but magic number and version: what a page's policy allows shows with it. */
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

async function initialize(provider: WebProvider, threads: number) {
  try {
    new WebAssembly.Module(emptyModule);
  } catch (cause) {
    throw new RuntimeLoadError((await import('./web-diagnosis.js')).explainNoWasm(), { cause });
  }
  const ort = await builds[provider]().catch((cause) => {
    throw new MissingDependencyError('onnxruntime-web', 'running models in a browser', { cause });
  });
  // Numbers of threads count for the whole page, and only until the first session.
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  const places = typeof wasmPlaces === 'string' || wasmPlaces instanceof URL ? { wasm: wasmPlaces } : wasmPlaces;
  const place = (places as Partial<Record<WebProvider, string | URL>> | undefined)?.[provider];
  if (place !== undefined) ort.env.wasm.wasmPaths = { wasm: new URL(place, globalThis.location?.href).href };
  // ONNX Runtime compiles its Wasm with the first session: this one, while bundles still download.
  try {
    const session = await turns.run(() => openSession(ort, smallestModel(), provider));
    await turns.run(() => runOrt(ort, session, { x: tensor([1]) }));
    await turns.run(() => session.release());
  } catch (cause) {
    const { explainFailure } = await import('./web-diagnosis.js');
    throw new RuntimeLoadError(explainFailure(cause as Error, provider), { cause });
  }
  return { ort, threads };
}

function openSession(ort: Ort, model: Uint8Array, provider: Provider): Promise<InferenceSession> {
  return ort.InferenceSession.create(model, {
    executionProviders: [provider],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
}

function smallestModel(): Uint8Array {
  const model = new GraphBuilder('start');
  model.output(model.named('y', 'Relu', [model.input('x', [1])]), [1]);
  return model.encode();
}
