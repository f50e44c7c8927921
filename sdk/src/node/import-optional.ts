import { MissingDependencyError, RuntimeLoadError } from '../errors/index.js';

/**
 * Imports a peer dependency when first needed. A failure is not remembered, so that installing it helps at once.
 *
 * @param platforms where its native code runs, for whoever is elsewhere
 * @throws MissingDependencyError if it is not installed, RuntimeLoadError if it is but does not load
 */
export function importOptional<T>(
  load: () => Promise<T>,
  dependency: string,
  { purpose, platforms }: { readonly purpose: string; readonly platforms: string },
): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((cause: NodeJS.ErrnoException) => {
      loaded = undefined;
      // The package itself, not something that it in turn lacks, such as the file made for this platform.
      const absent = cause.code === 'ERR_MODULE_NOT_FOUND' || cause.code === 'MODULE_NOT_FOUND';
      if (absent && cause.message.includes(`'${dependency}'`)) {
        throw new MissingDependencyError(dependency, purpose, { cause });
      }
      const [problem] = cause.message.trim().split('\n');
      const here = `${process.platform} ${process.arch}`;
      throw new RuntimeLoadError(
        `${dependency} is installed but does not load on ${here} (${problem}); it runs on ${platforms}`,
        { cause },
      );
    });
    return loaded;
  };
}
