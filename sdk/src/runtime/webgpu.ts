/** The part of WebGPU's API that tells whether there is one. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info?: { readonly isFallbackAdapter?: boolean } } | null>;
}

/**
 * Why WebGPU cannot be used here, or undefined if it can.
 * @param software whether an adapter will do that computes on the CPU, which is slower than Wasm
 */
export async function webGpuAbsence({ software }: { software: boolean }): Promise<string | undefined> {
  const gpu = (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;
  if (!gpu) {
    const insecure = globalThis.isSecureContext === false ? ' on pages without https' : '';
    return `this browser has no WebGPU${insecure}`;
  }
  try {
    const adapter = await gpu.requestAdapter();
    if (!adapter) return 'WebGPU finds no graphics adapter';
    return adapter.info?.isFallbackAdapter && !software ? 'WebGPU has only an adapter in software' : undefined;
  } catch (error) {
    return `WebGPU refuses to open a graphics adapter (${(error as Error).message})`;
  }
}
