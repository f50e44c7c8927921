import type { Architecture } from '@easel/sdk/space';
import type { Engine } from '../engine/index.js';
import type { RunIdentity } from './checkpoint.js';
import type { Phase } from './schedule.js';
import { inStage, type Stage } from './stages.js';
import { lossOf, TrainableSubnet } from './subnet.js';
import { type PoolState, type Role, SubnetPool } from './subnet-pool.js';

/** What decides which subnets are trained, and how they normalize. */
export interface PhaseAndStage {
  readonly phase: Phase;
  readonly stage: Stage;
}

/** The pool of a run: every phase and every stage has one of its own. */
export class PhasePool {
  #current: { readonly key: string; readonly subnets: SubnetPool<TrainableSubnet> };

  constructor(
    readonly identity: RunIdentity,
    readonly classes: number,
    readonly engine: Engine,
    at: PhaseAndStage,
    state?: PoolState,
  ) {
    this.#current = this.#open(at, state);
  }

  /** The subnets of a phase and stage; those of another one are disposed of. */
  async subnets(at: PhaseAndStage): Promise<SubnetPool<TrainableSubnet>> {
    if (this.#current.key !== keyOf(at)) {
      await this.dispose();
      this.#current = this.#open(at);
    }
    return this.#current.subnets;
  }

  /** What a checkpoint keeps: nothing of another phase or stage, as the next step starts with a pool of its own. */
  state(at: PhaseAndStage): PoolState {
    return this.#current.key === keyOf(at) ? this.#current.subnets.state : { members: [] };
  }

  /** Frees the programs; they are compiled again when they are used again. */
  dispose(): Promise<void> {
    return this.#current.subnets.dispose();
  }

  #open(at: PhaseAndStage, state?: PoolState) {
    const { space, options } = this.identity;
    const compile = (architecture: Architecture, role: Role) =>
      TrainableSubnet.compile(architecture, {
        space,
        classes: this.classes,
        batch: options.batchSize,
        norm: at.phase === 'training' ? 'batch' : 'frozen',
        loss: lossOf(options, role),
        engine: this.engine,
      });
    const adapt = (architecture: Architecture) => inStage(space, architecture, at.stage);
    return { key: keyOf(at), subnets: new SubnetPool(space, options.pool, compile, state, adapt) };
  }
}

function keyOf({ phase, stage }: PhaseAndStage): string {
  return `${phase},${stage}`;
}
