import { deviceFacts, nodeRuntime } from '@easel/sdk/node';
import { type DeviceProfile, profileName } from '@easel/sdk/profile';
import { type MeasuredDevice, type ProfileOptions, profileDevice, runtimeMeter } from '@easel/sdk/profiling';
import type { SearchSpace } from '@easel/sdk/space';
import { runtimeFacts, watchOthers } from './facts.js';

export interface ThisMachineOptions extends ProfileOptions {
  /** Per inference. Default 1. */
  readonly threads?: number;
  /** Default: from CPU, runtime, threads and search space. */
  readonly name?: string;
}

/** This machine with onnxruntime-node, for measuring. */
export function thisMachine(space: string, threads: number, name?: string): MeasuredDevice {
  const device = deviceFacts();
  const runtime = runtimeFacts(threads);
  return {
    name: name ?? profileName(device, runtime, space),
    device,
    runtime,
    meter: runtimeMeter(nodeRuntime, { threads }),
  };
}

/**
 * Measures this machine and fits its latency lookup table; `profileWarnings` tells whether to trust it.
 * @throws what `signal` was aborted with
 */
export async function profileThisMachine(
  space: SearchSpace,
  { threads = 1, name, ...options }: ThisMachineOptions = {},
): Promise<DeviceProfile> {
  const others = watchOthers();
  const profile = await profileDevice(space, thisMachine(space.name, threads, name), options);
  return { ...profile, measured: { ...profile.measured, others: Number(others().toFixed(2)) } };
}
