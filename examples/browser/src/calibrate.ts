import type { AdaptiveClassifier, DeviceProfile, Easel, Pixels } from '@easel/sdk';

/** How often each subnet runs in a round, and in how many rounds; the best round counts, since others had company. */
const runs = 16;
const rounds = 3;
/** Browsers first run WebAssembly in a hurry and then optimize it: what comes before says nothing. */
const warmUpMs = 250;

const blank: Pixels = { data: new Uint8Array(32 * 32 * 3).fill(127), width: 32, height: 32, channels: 3 };

/** A profile that fits this browser, and by what factor it is slower than the one it was made from. */
export interface Calibration {
  readonly profile: DeviceProfile;
  readonly factor: number;
}

/**
 * A profile of another machine has about the right proportions and the wrong scale. So: run a small, a middling and a
 * large subnet, and scale the profile by what they take over what it predicts (the geometric mean of the three).
 */
export async function calibrate(easel: Easel, budgets: readonly number[]): Promise<Calibration> {
  const profile = easel.profile as DeviceProfile;
  const [task] = Object.keys(easel.tasks) as [string];
  const tasks = [task];
  const first = { tasks, budget: { latencyMs: budgets[0] as number } };
  const classifier = await easel.adaptive(first, { automatic: false });
  for (const end = performance.now() + warmUpMs; performance.now() < end; ) await classifier.classify(blank);

  const ratios = budgets.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [i, latencyMs] of budgets.entries()) {
      await classifier.setBudget({ latencyMs });
      const ratio = (await medianLatency(classifier)) / (classifier.predicted.latencyMs as number);
      ratios[i] = Math.min(ratios[i] as number, ratio);
      // Lets the page draw.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  await classifier.dispose();
  const factor = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return { profile: scaled(profile, factor), factor };
}

async function medianLatency(classifier: AdaptiveClassifier): Promise<number> {
  const taken: number[] = [];
  const off = classifier.on('inference', ({ ms }) => taken.push(ms));
  for (let run = 0; run < runs; run++) await classifier.classify(blank);
  off();
  return taken.sort((a, b) => a - b)[taken.length >> 1] as number;
}

function scaled(profile: DeviceProfile, factor: number): DeviceProfile {
  const times = (costs: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(costs).map(([option, ms]) => [option, ms * factor]));
  return {
    ...profile,
    name: 'this-browser',
    terms: profile.terms.map((term) => ({
      ...term,
      base: term.base * factor,
      units: term.units.map(({ first, later }) => ({ first: times(first), later: times(later) })),
    })),
  };
}
