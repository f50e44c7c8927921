import { networkInterfaces } from 'node:os';

/** For a URL: the host of a server that listens there, as other machines may reach it. */
export function reachableHost(listening: string): string {
  if (listening === '0.0.0.0' || listening === '::') return networkAddress() ?? 'localhost';
  return listening.includes(':') ? `[${listening}]` : listening;
}

function networkAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address && address.family === 'IPv4' && !address.internal)?.address;
}
