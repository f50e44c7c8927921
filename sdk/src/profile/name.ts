import type { DeviceProfile } from './profile.js';

/**
 * Lower-case letters, digits and dashes: `amd-epyc-avx512-onnxruntime-node-1t.mobile-32`. Virtual machines tell little more of
 * their CPU than its brand, so the vector instructions are part of it.
 */
export function profileName(device: DeviceProfile['device'], runtime: DeviceProfile['runtime'], space: string): string {
  const slug = (text: string) =>
    text
      .toLowerCase()
      .replace(/\((r|tm)\)|\bcpu\b|@.*$/g, ' ')
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '');
  const parts = [device.cpu, ...(device.simd ? [device.simd] : []), runtime.engine];
  if (!['cpu', 'wasm'].includes(runtime.provider)) parts.push(runtime.provider);
  return `${parts.map(slug).join('-')}-${runtime.threads}t.${space}`;
}
