import { type LatencyMeter, quantileOf, type Subject } from '@easel/sdk/profiling';

/** A specialized subnet whose latency on a device was promised. */
export interface GridCase {
  readonly task: string;
  readonly budgetMs: number;
  readonly architecture: string;
  readonly predictedMs: number;
  readonly subject: Subject;
}

export interface GridResult extends GridCase {
  /** The median of the visits' median runs. */
  readonly measuredMs: number;
  /** Whether the median run is at most 5 % over the budget. */
  readonly holds: boolean;
}

/** How far over its budget a median run may be. */
export const tolerance = 0.05;
const visits = 5;
/** So often a case that was over its budget is visited again, after a while: another program may have been running. */
const secondThoughts = 3;
const pauseMs = 500;

/**
 * Measures one case after the other on a device. What was measured before a failure has been told by then.
 * @throws whatever the meter throws, such as AgentError
 */
export async function measureGrid(
  cases: readonly GridCase[],
  meter: LatencyMeter,
  onResult: (result: GridResult) => void,
): Promise<void> {
  for (const each of cases) {
    const limit = (1 + tolerance) * each.budgetMs;
    let measuredMs = await typicalLatency(each.subject, meter);
    for (let again = 0; again < secondThoughts && measuredMs > limit; again++) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs * 2 ** again));
      measuredMs = Math.min(measuredMs, await typicalLatency(each.subject, meter));
    }
    onResult({ ...each, measuredMs, holds: measuredMs <= limit });
  }
}

async function typicalLatency(subject: Subject, meter: LatencyMeter): Promise<number> {
  const medians: number[] = [];
  for (let i = 0; i < visits; i++) medians.push(quantileOf(await meter.time(subject), 0.5));
  return quantileOf(medians, 0.5);
}

/** JUnit's XML, which CI servers read: a test case per budget, failed where it does not hold. */
export function gridAsJunit(suite: string, results: readonly GridResult[], error?: Error): string {
  const failed = results.filter(({ holds }) => !holds).length;
  const cases = results.map(({ task, budgetMs, architecture, predictedMs, measuredMs, holds }) => {
    const name = escaped(`${task}, ${budgetMs.toFixed(3)} ms`);
    const text = escaped(
      `${architecture}: predicted ${predictedMs.toFixed(4)} ms, measured ${measuredMs.toFixed(4)} ms`,
    );
    const failure = holds ? '' : `<failure message="over the budget">${text}</failure>`;
    const time = (measuredMs / 1000).toFixed(6);
    return `  <testcase classname="${escaped(suite)}" name="${name}" time="${time}">${failure}<system-out>${text}</system-out></testcase>`;
  });
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
