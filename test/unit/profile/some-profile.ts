import type { DeviceProfile } from '@easel/sdk/profile';
import { optionKey } from '@easel/sdk/profile';
import { type BlockChoice, blockOptions, deepest, type SearchSpace, spaceFingerprint } from '@easel/sdk/space';

/** A well-formed profile of an invented device whose blocks cost kernel size x expand ratio hundredths of a ms. */
export function someProfile(space: SearchSpace): DeviceProfile {
  const cost = ({ kernel, expandRatio }: BlockChoice) => (kernel * expandRatio) / 100;
  return {
    schemaVersion: 1,
    name: `some-device.${space.name}`,
    space: { name: space.name, fingerprint: spaceFingerprint(space), classes: 10 },
    device: { cpu: 'Some CPU', architecture: 'x64', cores: 4, os: 'linux' },
    runtime: { engine: 'onnxruntime-node', version: '1.30.0', provider: 'cpu', threads: 1 },
    measured: { date: '2026-01-02T03:04:05.000Z', subnets: 200, repeats: 30, quantile: 0.25, noise: 0.01 },
    terms: space.resolutions.map((resolution) => ({
      resolution,
      base: resolution / 100,
      units: space.units.map((unit) => {
        const costs = (factor: number) =>
          Object.fromEntries(blockOptions(unit).map((option) => [optionKey(option), factor * cost(option)]));
        return { first: costs(2), later: deepest(unit) > 1 ? costs(1) : {} };
      }),
    })),
    error: { subnets: 40, medianRelative: 0.02, p90: 0.05, within5: 0.9, within10: 1 },
  };
}
