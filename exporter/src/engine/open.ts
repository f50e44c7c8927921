import { type Device, devices, type EngineName, engines } from './choices.js';
import type { Engine } from './engine.js';
import { UnknownEngineError } from './errors.js';
import { onnxEngine } from './executable.js';
import { selectLowering } from './lowering/select.js';
import { loadTensorFlow } from './tfjs/load.js';
import { tfjsEngine } from './tfjs/program.js';
import { openWebGpu } from './webgpu.js';

export interface EngineRequest {
  /** Default `onnx`. */
  readonly engine?: EngineName;
  /** Of the onnx engine. Default `cpu`. */
  readonly device?: Device;
  /** Of ONNX Runtime on the CPU. Default: one per core. Results are bit-identical only for the same number. */
  readonly threads?: number;
}

export interface OpenedEngine {
  readonly engine: Engine;
  /** For the log: why this form of it. */
  readonly reason: string;
}

/** @throws UnknownEngineError, EngineUnavailableError that says what to do */
export async function openEngine(request: EngineRequest = {}): Promise<OpenedEngine> {
  const { engine = 'onnx', device = 'cpu', threads } = request;
  if (!engines.includes(engine)) throw new UnknownEngineError('engine', engine, engines);
  if (!devices.includes(device)) throw new UnknownEngineError('device', device, devices);
  if (engine === 'tfjs') {
    if (device !== 'cpu') throw new UnknownEngineError('device of the tfjs engine', device, ['cpu']);
    const { tf, module } = await loadTensorFlow();
    return { engine: tfjsEngine(tf, module), reason: 'asked for' };
  }
  if (device === 'webgpu') return openWebGpu();
  const { lowering, reason } = await selectLowering();
  return { engine: onnxEngine({ lowering, ...(threads ? { threads } : {}) }), reason };
}
