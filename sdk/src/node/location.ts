import { fileURLToPath } from 'node:url';

export function isHttp(location: string | URL): boolean {
  return /^https?:/i.test(String(location));
}

/** A path, also of a file: URL. */
export function pathOf(location: string | URL): string {
  return /^file:/i.test(String(location)) ? fileURLToPath(location) : String(location);
}
