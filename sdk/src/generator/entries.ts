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

  /**
   * Keeps about `width` entries, those of the greatest score less charged costs.
   * @param lambdas the charge per unit of cost, per limit
   */
  keepMostPromising(width: number, lambdas: Float64Array): void {
    const { count, extraCount } = this;
    const promise = new Float64Array(count);
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      let charged = (this.score[i] as number) - (lambdas[0] as number) * (this.cost[i] as number);
      for (let k = 0; k < extraCount; k++) {
        charged -= (lambdas[k + 1] as number) * (this.extra[i * extraCount + k] as number);
      }
      promise[i] = charged;
      low = Math.min(low, charged);
      high = Math.max(high, charged);
    }
    // At most `width` entries reach `high`, or they are all equal.
    for (let halving = 0; halving < 10; halving++) {
      const middle = (low + high) / 2;
      let reaching = 0;
      for (let i = 0; i < count; i++) if ((promise[i] as number) >= middle) reaching++;
      if (reaching > width) low = middle;
      else high = middle;
    }
    let kept = 0;
    for (let i = 0; i < count; i++) if ((promise[i] as number) >= high) this.#move(i, kept++);
    this.count = kept;
  }

  #move(from: number, to: number): void {
    this.score[to] = this.score[from] as number;
    this.cost[to] = this.cost[from] as number;
    this.parent[to] = this.parent[from] as number;
    this.option[to] = this.option[from] as number;
    for (let k = 0; k < this.extraCount; k++) {
      this.extra[to * this.extraCount + k] = this.extra[from * this.extraCount + k] as number;
    }
  }

  /** Writes an entry just past the end, where `count` does not include it yet; the caller fills in `extra`. */
  stage(score: number, cost: number, parent: number, option: number): void {
    const { count } = this;
    this.score[count] = score;
    this.cost[count] = cost;
    this.parent[count] = parent;
    this.option[count] = option;
  }

  stageCopy(others: Entries, from: number): void {
    const { extraCount, count } = this;
    this.stage(
      others.score[from] as number,
      others.cost[from] as number,
      others.parent[from] as number,
      others.option[from] as number,
    );
    for (let k = 0; k < extraCount; k++) {
      this.extra[count * extraCount + k] = others.extra[from * extraCount + k] as number;
    }
  }

  /** Puts the staged entry in the place of the last one. */
  replaceLast(): void {
    this.#move(this.count, this.count - 1);
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
