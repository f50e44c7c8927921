import { RuntimeLoadError } from '../errors/index.js';

/** A module with nothing in it: magic number and version. */
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** @throws RuntimeLoadError if the browser lacks WebAssembly, or the page's Content-Security-Policy forbids it */
export function assertWasmAllowed(): void {
  if (typeof WebAssembly === 'undefined') throw new RuntimeLoadError('this browser has no WebAssembly');
  try {
    new WebAssembly.Module(emptyModule);
  } catch (cause) {
    throw new RuntimeLoadError(
      "the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src",
      { cause },
    );
  }
}
