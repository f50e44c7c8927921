import { type Difference, type PairedCell, rightOnes } from '@easel/exporter/evaluation';
import type { Cell } from '@easel/exporter/evaluation/baselines';
import { adapterFor } from '@easel/sdk/bundle';
import { type Architecture, formatArchitecture } from '@easel/sdk/space';
import type { Progress } from './progress.js';
import type { Setting } from './regret-setting.js';

/** Of a cell's test images, which ones a subnet gets right. */
export interface Scored {
  readonly images: Int32Array;
  readonly right: Uint8Array;
}

/** Every subnet runs once over the images of all classes that its cells ask about; with an adapter, once for its task. */
export async function rightOf(
  { bundle, runnersFor }: Setting,
  cells: readonly Cell[],
  choices: readonly Architecture[],
  label: string,
  progress: Progress,
): Promise<Scored[]> {
  const bySubnet = new Map<string, number[]>();
  for (const [i, choice] of choices.entries()) {
    const adapter = adapterFor(bundle.manifest, (cells[i] as Cell).classes)?.task;
    const name = `${formatArchitecture(choice)} ${adapter}`;
    bySubnet.set(name, [...(bySubnet.get(name) ?? []), i]);
  }
  const scored: Scored[] = [];
  await progress.each(label, [...bySubnet.values()], async (indices) => {
    const labels = [...new Set(indices.flatMap((i) => (cells[i] as Cell).classes))];
    const { test } = await runnersFor((cells[indices[0] as number] as Cell).classes);
    const logits = await test.logits(choices[indices[0] as number] as Architecture, labels);
    for (const i of indices) scored[i] = rightOnes(logits, (cells[i] as Cell).classes);
  });
  return scored;
}

export function meanAccuracy(scored: readonly Scored[]): string {
  const mean = scored.reduce((sum, { right }) => sum + share(right), 0) / scored.length;
  return `${(100 * mean).toFixed(2)} %`;
}

export function text({ points, interval: [low, high] }: Difference): string {
  return `${points.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}

export function pairs(cells: readonly Cell[], first: readonly Scored[], second: readonly Scored[]): PairedCell[] {
  return cells.map(({ task }, i) => {
    const [one, other] = [first[i] as Scored, second[i] as Scored];
    return { task, images: one.images, first: one.right, second: other.right };
  });
}

export const share = (right: Uint8Array) => right.reduce((sum, one) => sum + one, 0) / right.length;
