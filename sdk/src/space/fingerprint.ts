import type { SearchSpace } from './search-space.js';

/**
 * A short stable name for the *content* of a search space, so that what was made for one (a device profile, a
 * generator) is not used with another of the same name. Of JSON with sorted keys.
 */
export function spaceFingerprint(space: SearchSpace): string {
  return fingerprint(canonicalJson(space));
}

/** FNV-1a, 64 bit, in hexadecimal: for names, not for security. */
export function fingerprint(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
