import { optionKey, type ProfileTerms } from '../profile/index.js';
import { type Architecture, blockOptions, type CostTable, deepest, type SearchSpace } from '../space/index.js';

/**
 * The unknowns of the additive latency model: a base per resolution and, per resolution and unit, a term per option for
 * the unit's first block and one for all later blocks, which share a shape.
 */
export class TermLayout {
  readonly count: number;
  /** Whether the term is a resolution's base. */
  readonly isBase: readonly boolean[];
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
    this.isBase = [...this.#columns.keys()].map((key) => !key.includes('/'));
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

  /** What a cost table says of every term, in the same order; of blocks that share a shape it takes one. */
  valuesOf(table: CostTable): Float64Array {
    const values = new Float64Array(this.count);
    this.space.resolutions.forEach((resolution, r) => {
      values[this.#column(`${resolution}`)] = table.base[r] as number;
      let block = 0;
      this.space.units.forEach((unit, u) => {
        for (const [later, place] of places(deepest(unit)).entries()) {
          blockOptions(unit).forEach((option, o) => {
            const column = this.#column(`${resolution}/${u}/${place}/${optionKey(option)}`);
            values[column] = table.blocks[r]?.[block + later]?.[o] as number;
          });
        }
        block += deepest(unit);
      });
    });
    return values;
  }
}

function places(depth: number): readonly string[] {
  return depth > 1 ? ['first', 'later'] : ['first'];
}
