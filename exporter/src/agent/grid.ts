import { LatencyCorrection } from '@easel/sdk/profile';
import { type LatencyMeter, quantileOf, type Subject } from '@easel/sdk/profiling';

/** A subnet that was specialized for a limit in ms. */
export interface ChosenSubnet {
  readonly architecture: string;
  /** By the device's table. */
  readonly predictedMs: number;
  readonly subject: Subject;
}

/** A budget to be kept on a device. */
export interface GridCase {
  readonly task: string;
  readonly budgetMs: number;
  /** Specializes for a limit by the table: the budget at the device's speed of the moment. */
  choose(latencyMs: number): Promise<ChosenSubnet>;
}

export interface GridResult {
  readonly task: string;
  readonly budgetMs: number;
  readonly architecture: string;
  /** By the device's table, corrected. */
  readonly predictedMs: number;
  /** How much slower than its table the device was taken to be, from the cases before. */
  readonly correction: number;
  /** The median of the visits' median runs. */
  readonly measuredMs: number;
  /** How often a subnet was chosen: 1 if the first one kept the budget. */
  readonly attempts: number;
  /** Whether the median run is at most 5 % over the budget. */
  readonly holds: boolean;
}

/** How far over its budget a median run may be. */
export const tolerance = 0.05;
const visits = 5;
const pauseMs = 500;

export interface GridOptions {
  /** Whether to follow the device's speed, as `Easel.load(…, { correct: true })` does. Default true. */
  readonly correct?: boolean;
  /**
   * So often, at most, a case is chosen for and measured, with pauses in between: another program may have been running.
   * Default 4.
   */
  readonly attempts?: number;
}

/**
 * Chooses and measures a subnet for one case after the other on a device. A case that is over its budget is chosen for
 * and measured anew, a few times. What was measured before a failure has been told by then.
 * @throws whatever the meter throws, such as AgentError
 */
export async function measureGrid(
  cases: readonly GridCase[],
  meter: LatencyMeter,
  onResult: (result: GridResult) => void,
  { correct = true, attempts: mostAttempts = 4 }: GridOptions = {},
): Promise<void> {
  // Of every case its newest: a subnet that is tried often in a bad moment should not outvote the others.
  const observed: Observation[] = [];
  for (const { task, budgetMs, choose } of cases) {
    const others = [...observed];
    const attempt = async (attempts: number): Promise<GridResult> => {
      const correction = correctionBy(observed);
      const { architecture, predictedMs, subject } = await choose(budgetMs / correction);
      const measuredMs = await typicalLatency(subject, meter);
      if (correct) observed.splice(0, observed.length, ...others, { measuredMs, predictedMs });
      const holds = measuredMs <= (1 + tolerance) * budgetMs;
      const result = { task, budgetMs, architecture, predictedMs: correction * predictedMs, correction, measuredMs };
      return { ...result, attempts, holds };
    };
    let result = await attempt(1);
    while (!result.holds && result.attempts < mostAttempts) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs * 2 ** (result.attempts - 1)));
      result = await attempt(result.attempts + 1);
    }
    onResult(result);
  }
}

type Observation = Pick<GridResult, 'measuredMs' | 'predictedMs'>;

/** As the SDK takes it. */
function correctionBy(observed: readonly Observation[]): number {
  const correction = new LatencyCorrection();
  for (const { measuredMs, predictedMs } of observed) correction.observe(measuredMs, predictedMs);
  return correction.factor;
}

async function typicalLatency(subject: Subject, meter: LatencyMeter): Promise<number> {
  const medians: number[] = [];
  for (let i = 0; i < visits; i++) medians.push(quantileOf(await meter.time(subject), 0.5));
  return quantileOf(medians, 0.5);
}

/** JUnit's XML, which CI servers read: a test case per budget, failed where it does not hold. */
export function gridAsJunit(suite: string, results: readonly GridResult[], error?: Error): string {
  const failed = results.filter(({ holds }) => !holds).length;
  const cases = results.map(
    ({ task, budgetMs, architecture, predictedMs, correction, measuredMs, attempts, holds }) => {
      const name = escaped(`${task}, ${budgetMs.toFixed(3)} ms`);
      const text = escaped(
        `${architecture}: predicted ${predictedMs.toFixed(4)} ms (the table times ${correction.toFixed(3)}), ` +
          `measured ${measuredMs.toFixed(4)} ms (try ${attempts})`,
      );
      const failure = holds ? '' : `<failure message="over the budget">${text}</failure>`;
      const time = (measuredMs / 1000).toFixed(6);
      return `  <testcase classname="${escaped(suite)}" name="${name}" time="${time}">${failure}<system-out>${text}</system-out></testcase>`;
    },
  );
  if (error) {
    cases.push(
      `  <testcase classname="${escaped(suite)}" name="measuring"><error message="${escaped(error.message)}"/></testcase>`,
    );
  }
  const counts = `tests="${cases.length}" failures="${failed}" errors="${error ? 1 : 0}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="${escaped(suite)}" ${counts}>\n${cases.join('\n')}\n</testsuite>\n`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character] as string);
