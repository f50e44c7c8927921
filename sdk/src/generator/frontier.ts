/**
 * Partial solutions as a structure of arrays that grows by doubling and is reused from request to request. A list of
 * them is a Pareto frontier: ordered by the cost of the first limit, none dominated by another one.
 */
export class Entries {
  count = 0;
  score: Float64Array;
  /** Cost under the first limit, and under the others (`extraCount` numbers per entry). */
  cost: Float64Array;
  extra: Float64Array;
  /** Where it came from (index into the arena) and which option was added (absolute index). */
  parent: Int32Array;
  option: Int32Array;

  constructor(
    readonly extraCount: number,
    capacity = 256,
  ) {
    this.score = new Float64Array(capacity);
    this.cost = new Float64Array(capacity);
    this.extra = new Float64Array(capacity * extraCount);
    this.parent = new Int32Array(capacity);
    this.option = new Int32Array(capacity);
  }

  reserve(capacity: number): void {
    if (capacity <= this.score.length) return;
    const grown = new Entries(this.extraCount, Math.max(capacity, 2 * this.score.length));
    grown.score.set(this.score);
    grown.cost.set(this.cost);
    grown.extra.set(this.extra);
    grown.parent.set(this.parent);
    grown.option.set(this.option);
    ({ score: this.score, cost: this.cost, extra: this.extra, parent: this.parent, option: this.option } = grown);
  }

  append(others: Entries): void {
    const { count } = others;
    this.reserve(this.count + count);
    for (let i = 0, to = this.count; i < count; i++, to++) {
      this.score[to] = others.score[i] as number;
      this.cost[to] = others.cost[i] as number;
      this.parent[to] = others.parent[i] as number;
      this.option[to] = others.option[i] as number;
    }
    const offset = this.count * this.extraCount;
    for (let i = 0; i < count * this.extraCount; i++) this.extra[offset + i] = others.extra[i] as number;
    this.count += count;
  }
}
