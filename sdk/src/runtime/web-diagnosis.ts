/** Loaded only when something went wrong. */

/** Why WebAssembly cannot be used in this page. */
export function explainNoWasm(): string {
  return typeof WebAssembly === 'undefined'
    ? 'this browser has no WebAssembly'
    : "the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src";
}

/** Why a page has a single thread. */
export function explainNoThreads(): string {
  if (globalThis.isSecureContext === false) {
    return 'threads: browsers offer more than one on secure pages only (https, or http://localhost), which this one is not';
  }
  return (
    'threads: the page is not cross-origin isolated, so there is one; serve it with the headers ' +
    'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
  );
}

/** What to change so that onnxruntime-web starts. */
export function explainFailure(error: Error, provider: 'wasm' | 'webgpu'): string {
  const option = provider === 'webgpu' ? 'wasmUrl.webgpu' : 'wasmUrl';
  const failed = performance
    .getEntriesByType('resource')
    .map((entry) => entry as PerformanceResourceTiming)
    .findLast(({ name, responseStatus }) => /\.wasm(\?|$)/.test(name) && responseStatus >= 400);
  if (failed) {
    return (
      `onnxruntime-web's .wasm file is missing: ${failed.name} answers ${failed.responseStatus}; copy it there from ` +
      `node_modules/onnxruntime-web/dist, or give its place to Easel.load as ${option}`
    );
  }
  const wasm = /wasm|WebAssembly/i.test(error.message);
  const advice = wasm
    ? `; check that its .wasm file is served unaltered (place: ${option}) and that the page's Content-Security-Policy allows it`
    : '';
  return `onnxruntime-web does not start (${error.message})${advice}`;
}
