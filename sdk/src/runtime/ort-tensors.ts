import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-web';
import type { Tensor } from '../tensor/index.js';

/** The part of ONNX Runtime's API that its builds for Node and for browsers share. */
interface Ort {
  readonly Tensor: TensorConstructor;
}

/** Runs a session of ONNX Runtime on tensors of ours. */
export async function runOrt(
  ort: Ort,
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const inputs = Object.entries(feeds).map(([name, { shape, data }]) => [name, new ort.Tensor('float32', data, shape)]);
  const outputs = await session.run(Object.fromEntries(inputs));
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => {
      const { dims, data } = value as OrtTensor;
      return [name, { shape: dims, data: data as Float32Array }];
    }),
  );
}
