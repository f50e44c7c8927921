import type { Emitter } from '../../emitter.js';
import type { Value } from '../../graph.js';
import { Scope } from '../lowering.js';
import { type Blocked, BlockedEmitter } from './blocked-emitter.js';

/** One image, or its four phases (see BlockedEmitter.split). */
export type Parts = readonly Blocked[];

/** A scope in which values and gradients may stand in blocked memory, whole or in phases; converts on demand. */
export class BlockedScope extends Scope {
  readonly blocked: BlockedEmitter;
  readonly #values = new Map<Value, { whole?: Parts; phases?: Parts }>();
  readonly #blockedGradients = new Map<Value, Parts[]>();

  constructor(emitter: Emitter, differentiable: ReadonlySet<Value>, block: number) {
    super(emitter, differentiable);
    this.blocked = new BlockedEmitter(emitter, block);
  }

  defineBlocked(value: Value, parts: Parts): void {
    this.#values.set(value, parts.length === 1 ? { whole: parts } : { phases: parts });
  }

  override name(value: Value): string {
    if (!this.isDefined(value) && this.#values.has(value)) {
      const [whole] = this.parts(value, 'whole');
      this.define(value, this.blocked.toRows(whole as Blocked, value.shape[1] as number));
    }
    return super.name(value);
  }

  parts(value: Value, layout: 'whole' | 'phases'): Parts {
    let known = this.#values.get(value);
    if (!known) {
      known = { whole: [this.blocked.fromRows(super.name(value), value.shape)] };
      this.#values.set(value, known);
    }
    known[layout] ??= this.#convert((known.whole ?? known.phases) as Parts, layout);
    return known[layout];
  }

  #convert(parts: Parts, layout: 'whole' | 'phases'): Parts {
    if ((parts.length === 1) === (layout === 'whole')) return parts;
    return layout === 'whole' ? [this.blocked.merge(parts)] : this.blocked.split(parts[0] as Blocked);
  }

  addBlockedGradient(value: Value, parts: Parts): void {
    const terms = this.#blockedGradients.get(value);
    if (terms) terms.push(parts);
    else this.#blockedGradients.set(value, [parts]);
  }

  /** The terms collected so far, summed, and forgotten: for a step that adds its own to them more cheaply. */
  takeBlockedGradient(value: Value, layout: 'whole' | 'phases'): Parts | undefined {
    const sum = this.#blockedSum(value, layout);
    this.#blockedGradients.delete(value);
    return sum;
  }

  /** The whole gradient, whatever memory its terms are in. */
  blockedGradient(value: Value, layout: 'whole' | 'phases'): Parts | undefined {
    const rows = super.gradient(value);
    const terms = [...(this.#blockedGradients.get(value) ?? [])];
    if (rows !== undefined) terms.push([this.blocked.fromRows(rows, value.shape)]);
    return this.#sum(terms, layout);
  }

  override gradient(value: Value): string | undefined {
    const blocked = this.#blockedSum(value, 'whole');
    const rows = super.gradient(value);
    if (!blocked) return rows;
    const converted = this.blocked.toRows(blocked[0] as Blocked, value.shape[1] as number);
    return rows === undefined ? converted : this.emitter.add(rows, converted);
  }

  #blockedSum(value: Value, layout: 'whole' | 'phases'): Parts | undefined {
    return this.#sum(this.#blockedGradients.get(value) ?? [], layout);
  }

  #sum(terms: readonly Parts[], layout: 'whole' | 'phases'): Parts | undefined {
    if (terms.length === 0) return undefined;
    const converted = terms.map((parts) => this.#convert(parts, layout));
    return (converted[0] as Parts).map((first, i) => ({
      ...first,
      name: this.emitter.sum(converted.map((parts) => (parts[i] as Blocked).name)),
    }));
  }
}
