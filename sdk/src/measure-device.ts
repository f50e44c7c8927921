import { host } from '#host';
import type { BundleReader } from './bundle/index.js';
import { type AutoProfile, autoProfile } from './profiling/auto.js';
import { runtimeMeter } from './profiling/meter.js';
import type { Execution } from './runtime/index.js';
import type { Supernet } from './subnet/index.js';

/** A profile of the device at hand, adapted from the bundle's, and what is wrong with it. */
export async function measureDevice(
  reader: BundleReader,
  supernet: Supernet,
  execution: Execution,
  cache: boolean,
  signal: AbortSignal | undefined,
): Promise<AutoProfile> {
  const candidates = await Promise.all(reader.devices.map((device) => reader.profile(device)));
  const classes = reader.manifest.classes.length;
  const meterWith = (threads: number) => runtimeMeter(host.runtime, { provider: execution.provider, threads });
  return autoProfile({ host, execution, meterWith, supernet, classes, candidates, cache, signal });
}
