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

/** What to change so that onnxruntime-web starts. */
export function explainFailure(error: Error): string {
  const failed = performance
    .getEntriesByType('resource')
    .map((entry) => entry as PerformanceResourceTiming)
    .findLast(({ name, responseStatus }) => /\.wasm(\?|$)/.test(name) && responseStatus >= 400);
  if (failed) {
    return (
      `onnxruntime-web's .wasm file is missing: ${failed.name} answers ${failed.responseStatus}; copy it there from ` +
      'node_modules/onnxruntime-web/dist, or give its place to Easel.load as wasmUrl'
    );
  }
  const wasm = /wasm|WebAssembly/i.test(error.message);
  const advice = wasm
    ? "; check that its .wasm file is served unaltered (place: wasmUrl) and that the page's Content-Security-Policy allows it"
    : '';
  return `onnxruntime-web does not start (${error.message})${advice}`;
}
