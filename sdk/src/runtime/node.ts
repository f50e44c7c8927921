import { InvalidRequestError } from '../errors/index.js';
import { importOptional } from '../node/import-optional.js';
import { GuardedSession } from './guarded-session.js';
import { runOrt } from './ort-tensors.js';
import type { Runtime } from './runtime.js';

const load = importOptional(() => import('onnxruntime-node'), 'onnxruntime-node', 'running models in Node');

/** ONNX Runtime's native build; CPU. */
export const nodeRuntime: Runtime = {
  name: 'onnxruntime-node',

  async start({ provider = 'auto', threads = 1 } = {}) {
    if (provider !== 'auto' && provider !== 'cpu') {
      throw new InvalidRequestError('provider', provider, 'auto or cpu in Node');
    }
    await load();
    return { provider: 'cpu', threads, reasons: [] };
  },

  async version() {
    return (await load()).env.versions.node ?? 'unknown';
  },

  async createSession(model, { threads = 1 } = {}) {
    const ort = await load();
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Threads that wait for the next operator without spinning wake up too late: two were slower than one. Between two
      // images, however, they would burn a core.
      extra: { session: { intra_op: { allow_spinning: '1' }, force_spinning_stop: '1' } },
    });
    return new GuardedSession({
      run: (feeds) => runOrt(ort, session, feeds),
      dispose: () => session.release(),
    });
  },
};
