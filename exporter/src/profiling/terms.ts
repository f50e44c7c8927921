import { optionKey, type ProfileTerms } from '@easel/sdk/profile';
import { type Architecture, blockOptions, countMacs, deepest, type SearchSpace } from '@easel/sdk/space';

/**
 * The unknowns of the additive latency model: a base per resolution and, per resolution and unit, a term per option for
 * the unit's first block and one for all later blocks, which share a shape.
 */
export class TermLayout {
  readonly count: number;
  readonly #columns = new Map<string, number>();

  constructor(readonly space: SearchSpace) {
    for (const resolution of space.resolutions) {
      this.#add(`${resolution}`);
      space.units.forEach((unit, u) => {
        for (const place of places(deepest(unit))) {
          for (const option of blockOptions(unit)) this.#add(`${resolution}/${u}/${place}/${optionKey(option)}`);
        }
      });
    }
    this.count = this.#columns.size;
  }

  #add(key: string): void {
    this.#columns.set(key, this.#columns.size);
  }

  #column(key: string): number {
    const column = this.#columns.get(key);
    if (column === undefined) throw new RangeError(`no term ${key} in space ${this.space.name}`);
    return column;
  }

  /** How often each term occurs in an architecture. */
  row({ resolution, units }: Architecture): Float64Array {
    const row = new Float64Array(this.count);
    row[this.#column(`${resolution}`)] = 1;
    units.forEach((blocks, u) => {
      blocks.forEach((choice, b) => {
        const column = this.#column(`${resolution}/${u}/${b === 0 ? 'first' : 'later'}/${optionKey(choice)}`);
        row[column] = (row[column] as number) + 1;
      });
    });
    return row;
  }

  /** Fitted numbers in the form that profiles have. */
  toTerms(values: ArrayLike<number>): ProfileTerms[] {
    const value = (key: string) => values[this.#column(key)] as number;
    return this.space.resolutions.map((resolution) => ({
      resolution,
      base: value(`${resolution}`),
      units: this.space.units.map((unit, u) => {
        const costs = (place: string) =>
          Object.fromEntries(
            blockOptions(unit).map((option) => [
              optionKey(option),
              value(`${resolution}/${u}/${place}/${optionKey(option)}`),
            ]),
          );
        return { first: costs('first'), later: deepest(unit) > 1 ? costs('later') : {} };
      }),
    }));
  }

  /** MACs of every term, in the same order: what a latency is expected to be roughly proportional to. */
  macs(classes: number): Float64Array {
    const macs = new Float64Array(this.count);
    const { space } = this;
    for (const resolution of space.resolutions) {
      const cheapest = { resolution, units: space.units.map((unit) => [blockOptions(unit)[0]]) } as Architecture;
      const total = (units: Architecture['units']) => countMacs(space, { resolution, units }, classes);
      space.units.forEach((unit, u) => {
        const replaced = (blocks: Architecture['units'][number]) =>
          total(cheapest.units.map((other, i) => (i === u ? blocks : other)));
        const [first] = cheapest.units[u] as Architecture['units'][number];
        for (const option of blockOptions(unit)) {
          const own = (replaced([option]) - total(cheapest.units.map((other, i) => (i === u ? [] : other)))) as number;
          macs[this.#column(`${resolution}/${u}/first/${optionKey(option)}`)] = own;
          if (deepest(unit) === 1) continue;
          const later = replaced([first as typeof option, option]) - replaced([first as typeof option]);
          macs[this.#column(`${resolution}/${u}/later/${optionKey(option)}`)] = later;
        }
      });
      const blocks = cheapest.units.map((unit, u) => {
        const [first] = unit as [Architecture['units'][number][number]];
        return macs[this.#column(`${resolution}/${u}/first/${optionKey(first)}`)] as number;
      });
      macs[this.#column(`${resolution}`)] = total(cheapest.units) - blocks.reduce((sum, value) => sum + value, 0);
    }
    return macs;
  }
}

function places(depth: number): readonly string[] {
  return depth > 1 ? ['first', 'later'] : ['first'];
}
