import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EngineUnavailableError } from '../errors.js';
import type { TensorFlow } from './interpreter.js';

/** The faster first. */
const candidates = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

const advice =
  'install it where you run easel: npm install @tensorflow/tfjs-node (its install step downloads libtensorflow; ' +
  '@tensorflow/tfjs-node-gpu is taken too), or leave out --engine tfjs: the built-in engine needs nothing';

/**
 * TensorFlow.js with its native backend, if the user installed it: next to Easel or in the present directory.
 * @throws EngineUnavailableError that says how to install it
 */
export async function loadTensorFlow(
  modules: readonly string[] = candidates,
): Promise<{ tf: TensorFlow; module: string }> {
  for (const module of modules) {
    const location = resolve(module);
    if (location === undefined) continue;
    try {
      const loaded = (await import(location)) as { default?: TensorFlow } & TensorFlow;
      const tf = loaded.default ?? loaded;
      await tf.ready();
      return { tf, module };
    } catch (cause) {
      const why = cause instanceof Error ? (cause.message.split('\n')[0] as string) : String(cause);
      throw new EngineUnavailableError('tfjs', `${module} is installed but cannot be loaded (${why})`, advice, {
        cause,
      });
    }
  }
  throw new EngineUnavailableError('tfjs', `${modules.at(-1)} is not installed`, advice);
}

function resolve(module: string): string | undefined {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'easel.js'))]) {
    try {
      return pathToFileURL(createRequire(from).resolve(module)).href;
    } catch {
      // Not to be found from there.
    }
  }
  return undefined;
}
