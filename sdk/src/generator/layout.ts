import type { Decision } from '../space/index.js';

/**
 * The decisions of a space as flat integer arrays, for the knapsack's inner loops. Blocks are numbered in canonical
 * order through all units; options keep their index in the utilities ("absolute index").
 */
export interface Layout {
  readonly optionCount: number;
  readonly resolutionOffset: number;
  readonly resolutionCount: number;
  readonly unitCount: number;
  readonly blockCount: number;
  /** Per unit, its first block; one entry more, which closes the last unit. */
  readonly unitStart: Int32Array;
  /** Per block, its first option; one entry per block for the end as well. */
  readonly optionStart: Int32Array;
  readonly optionEnd: Int32Array;
  /** Per block, the absolute index of the depth option that ends its unit after this block; -1 where none does. */
  readonly exitOption: Int32Array;
  /** Per absolute index, the decision that it belongs to. */
  readonly decisionOfOption: Int32Array;
}

export function layoutOf(decisions: readonly Decision[]): Layout {
  const last = decisions.at(-1) as Decision;
  const optionCount = last.offset + last.options.length;
  const resolution = decisions.find(({ kind }) => kind === 'resolution') as Decision;
  const decisionOfOption = new Int32Array(optionCount);
  const unitStart: number[] = [];
  const optionStart: number[] = [];
  const optionEnd: number[] = [];
  const exitOption: number[] = [];
  let depths: Extract<Decision, { kind: 'depth' }> | undefined;
  decisions.forEach((decision, d) => {
    decisionOfOption.fill(d, decision.offset, decision.offset + decision.options.length);
    if (decision.kind === 'depth') {
      depths = decision;
      unitStart.push(optionStart.length);
    } else if (decision.kind === 'block') {
      optionStart.push(decision.offset);
      optionEnd.push(decision.offset + decision.options.length);
      const exit = depths?.options.indexOf(decision.block + 1) ?? -1;
      exitOption.push(exit < 0 ? -1 : (depths?.offset ?? 0) + exit);
    }
  });
  unitStart.push(optionStart.length);
  return {
    optionCount,
    resolutionOffset: resolution.offset,
    resolutionCount: resolution.options.length,
    unitCount: unitStart.length - 1,
    blockCount: optionStart.length,
    unitStart: Int32Array.from(unitStart),
    optionStart: Int32Array.from(optionStart),
    optionEnd: Int32Array.from(optionEnd),
    exitOption: Int32Array.from(exitOption),
    decisionOfOption,
  };
}
