import { InvalidRequestError } from '../errors/index.js';
import { allowedCpus } from '../node/allowed-cpus.js';
import { importOptional } from '../node/import-optional.js';
import { GuardedSession } from './guarded-session.js';
import { runOrt } from './ort-tensors.js';
import type { Runtime } from './runtime.js';

const load = importOptional(() => import('onnxruntime-node'), 'onnxruntime-node', {
  purpose: 'running models in Node',
  platforms:
    'Linux with glibc (x64, arm64), Windows (x64, arm64) and macOS (arm64): on a Raspberry Pi the 64-bit system, no Alpine',
});

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
      extra: {
        session: {
          // And where two share a CPU after all, whoever spins keeps the other from its work.
          intra_op: { allow_spinning: '1', spin_duration_us: '100' },
          force_spinning_stop: '1',
          // One thread, the default, is not to cost the reading of files.
          ...(threads > 1 ? pinnedThreads(threads, allowedCpus()) : {}),
        },
      },
    });
    return new GuardedSession({
      run: (feeds) => runOrt(ort, session, feeds),
      dispose: () => session.release(),
    });
  },
};

/**
 * Keeps every thread but the caller's on a CPU of its own where a run takes all of them. Otherwise the scheduler often wakes one
 * on the caller's CPU, where it waits for the next tick while the caller spins: at a camera's pace, one inference in ten
 * took ten times as long. With CPUs to spare it finds an idle one, and which are fast ones is its to know.
 *
 * @param cpus numbers of those that the process may use; ONNX Runtime counts from 1
 */
export function pinnedThreads(threads: number, cpus: readonly number[] = []): { intra_op_thread_affinities?: string } {
  if (threads < 2 || threads !== cpus.length) return {};
  const [, ...others] = cpus;
  return { intra_op_thread_affinities: others.map((cpu) => cpu + 1).join(';') };
}
