import type { Random } from '@easel/sdk/random';
import {
  type Architecture,
  formatArchitecture,
  largestArchitecture,
  parseArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { PoolOptions } from './options.js';

/** Plain JSON: which random architectures are alive, and how often each has been used. */
export interface PoolState {
  readonly members: readonly { readonly architecture: string; readonly uses: number }[];
}

export interface Compiled {
  dispose(): Promise<void>;
}

/** The largest learns from labels; the others may learn from it. */
export type Role = 'teacher' | 'student';

interface Member<T> {
  readonly architecture: Architecture;
  uses: number;
  subnet: T | undefined;
}

/**
 * Programs are static per architecture and take long to compile, so a random subnet serves several steps. The largest
 * and the smallest stay; of the random ones `size` are alive, each step takes one at random, and one that has served
 * `uses` steps makes room for a new one. They are compiled when first used, so a restored pool costs nothing.
 */
export class SubnetPool<T extends Compiled> {
  readonly #members: Member<T>[];
  #largest: T | undefined;
  #smallest: T | undefined;
  /** Time spent compiling so far. */
  compileMs = 0;

  constructor(
    readonly space: SearchSpace,
    readonly options: PoolOptions,
    readonly compile: (architecture: Architecture, role: Role) => Promise<T>,
    state: PoolState = { members: [] },
    /** Applied to what is drawn, and to the smallest. */
    readonly adapt: (architecture: Architecture) => Architecture = (architecture) => architecture,
  ) {
    this.#members = state.members.map(({ architecture, uses }) => ({
      architecture: parseArchitecture(space, architecture),
      uses,
      subnet: undefined,
    }));
  }

  get state(): PoolState {
    return {
      members: this.#members.map(({ architecture, uses }) => ({
        architecture: formatArchitecture(architecture),
        uses,
      })),
    };
  }

  async largest(): Promise<T> {
    this.#largest ??= await this.#timed(largestArchitecture(this.space), 'teacher');
    return this.#largest;
  }

  async smallest(): Promise<T> {
    this.#smallest ??= await this.#timed(this.adapt(smallestArchitecture(this.space)), 'student');
    return this.#smallest;
  }

  async random(random: Random): Promise<T> {
    while (this.#members.length < this.options.size) this.#members.push(this.#draw(random));
    const index = random.integer(this.#members.length);
    let member = this.#members[index] as Member<T>;
    if (member.uses >= this.options.uses) {
      await member.subnet?.dispose();
      member = this.#draw(random);
      this.#members[index] = member;
    }
    member.uses++;
    member.subnet ??= await this.#timed(member.architecture, 'student');
    return member.subnet;
  }

  async dispose(): Promise<void> {
    const alive = [this.#largest, this.#smallest, ...this.#members.map(({ subnet }) => subnet)];
    this.#largest = undefined;
    this.#smallest = undefined;
    for (const member of this.#members) member.subnet = undefined;
    await Promise.all(alive.map((subnet) => subnet?.dispose()));
  }

  #draw(random: Random): Member<T> {
    return { architecture: this.adapt(randomArchitecture(this.space, random)), uses: 0, subnet: undefined };
  }

  async #timed(architecture: Architecture, role: Role): Promise<T> {
    const start = performance.now();
    const subnet = await this.compile(architecture, role);
    this.compileMs += performance.now() - start;
    return subnet;
  }
}
