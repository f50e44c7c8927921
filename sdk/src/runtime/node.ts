import type * as OnnxRuntime from 'onnxruntime-node';
import { importOptional } from '../node/import-optional.js';
import type { Tensor } from '../tensor/index.js';
import { GuardedSession } from './guarded-session.js';
import type { Runtime } from './runtime.js';

const load = importOptional(() => import('onnxruntime-node'), 'onnxruntime-node', 'running models in Node');

/** ONNX Runtime's native build; CPU. */
export const nodeRuntime: Runtime = {
  name: 'onnxruntime-node',

  async createSession(model, { threads = 1 } = {}) {
    const ort = await load();
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Threads that wait for work would otherwise burn a core between two images.
      extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    });
    return new GuardedSession({
      run: async (feeds) => fromOnnx(await session.run(toOnnx(ort, feeds))),
      dispose: () => session.release(),
    });
  },
};

function toOnnx(ort: typeof OnnxRuntime, feeds: Readonly<Record<string, Tensor>>) {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, new ort.Tensor('float32', data, shape)]),
  );
}

function fromOnnx(outputs: OnnxRuntime.InferenceSession.OnnxValueMapType): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => {
      const { dims, data } = value as OnnxRuntime.Tensor;
      return [name, { shape: dims, data: data as Float32Array }];
    }),
  );
}
