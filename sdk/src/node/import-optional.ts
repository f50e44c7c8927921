import { MissingDependencyError } from '../errors/index.js';

/** Imports a peer dependency when first needed. A failure is not remembered, so that installing it helps at once. */
export function importOptional<T>(load: () => Promise<T>, dependency: string, purpose: string): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((cause: NodeJS.ErrnoException) => {
      loaded = undefined;
      // The package itself, not something that it in turn lacks.
      const absent = cause.code === 'ERR_MODULE_NOT_FOUND' || cause.code === 'MODULE_NOT_FOUND';
      const missing = absent && cause.message.includes(`'${dependency}'`);
      throw missing ? new MissingDependencyError(dependency, purpose, { cause }) : cause;
    });
    return loaded;
  };
}
