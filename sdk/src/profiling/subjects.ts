import type { Random } from '../random/index.js';
import { type Architecture, chosenBy, type SearchSpace } from '../space/index.js';
import { assemble, type Supernet } from '../subnet/index.js';
import { chooseSubnets, distinct } from './design.js';
import type { Subject } from './meter.js';
import type { TermLayout } from './terms.js';
import { reference } from './visits.js';

/** The architectures of a measurement: some to fit to, chosen, and others to check on, drawn at random. */
export interface Drawn {
  readonly fitted: readonly Architecture[];
  readonly unseen: readonly Architecture[];
}

/** A space that holds fewer subnets than were asked for is shared out in proportion. */
export function drawSubnets(
  layout: TermLayout,
  expected: Float64Array,
  wanted: { readonly fitted: number; readonly unseen: number },
  random: Random,
): Drawn {
  const all = distinct(layout.space, wanted.fitted + wanted.unseen, random);
  const share = all.length / (wanted.fitted + wanted.unseen);
  const unseen = share < 1 ? all.slice(0, Math.floor(wanted.unseen * share)) : all.slice(0, wanted.unseen);
  const fitted = chooseSubnets(layout, expected, Math.min(wanted.fitted, all.length - unseen.length), random, unseen);
  return { fitted, unseen };
}

/** Assembles the n-th architecture, or the reference; all classes are told apart. */
export function subjectsOf(
  supernet: Supernet,
  architectures: readonly Architecture[],
  classes: number,
): (subnet: number) => Subject {
  const all = Array.from({ length: classes }, (_, index) => index);
  const middle = middleArchitecture(supernet.space);
  return (subnet) => {
    const architecture = subnet === reference ? middle : (architectures[subnet] as Architecture);
    return { model: assemble(supernet, architecture, all), resolution: architecture.resolution };
  };
}

/** Neither extreme: the middle one of every list of choices. */
export function middleArchitecture(space: SearchSpace): Architecture {
  return chosenBy(space, (values) => values[values.length >> 1] as number);
}
