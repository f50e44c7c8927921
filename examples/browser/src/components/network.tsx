import { blockOptions, deepest } from '@easel/sdk/space';
import { useMemo } from 'preact/hooks';
import { count } from '../format.js';
import { useTween } from '../hooks.js';
import type { Studio } from '../studio.js';
import { type BlockShape, UnitDrawing } from './unit-drawing.js';

/** The chosen architecture, as inverted residuals: narrow, expanded, narrow again; dropped blocks are dashed. */
export function Network({ studio }: { studio: Studio }) {
  const subnet = studio.subnet.value;
  const space = studio.space;
  const shapes = useMemo(() => (subnet && space ? shapesOf(space, subnet.architecture) : []), [subnet?.name, space]);
  // Moves what is continuous: how much of a block is there, and how wide it expands.
  const moving = useTween(
    shapes.flatMap((unit) => unit.blocks.flatMap(({ present, expandRatio }) => [present, expandRatio])),
  );
  if (!subnet || !space) return null;
  let at = 0;
  const units = shapes.map((unit) => ({
    ...unit,
    blocks: unit.blocks.map((block) => ({
      ...block,
      present: moving[at++] ?? block.present,
      expandRatio: moving[at++] ?? block.expandRatio,
    })),
  }));
  const kept = subnet.architecture.units.reduce((sum, unit) => sum + unit.length, 0);
  const all = space.units.reduce((sum, unit) => sum + deepest(unit), 0);
  const kernels = Math.max(...space.units.flatMap((unit) => blockOptions(unit).map(({ kernel }) => kernel)));
  return (
    <section class="card network" aria-labelledby="network-title">
      <div class="title">
        <h2 id="network-title">The chosen network</h2>
        <code data-testid="architecture">{subnet.name}</code>
      </div>
      <div class="units">
        {units.map((unit, u) => (
          <UnitDrawing key={u} index={u} unit={unit} largestKernel={kernels} />
        ))}
      </div>
      <p class="note reading">
        Dots: the kernel, 3 × 3 or 5 × 5. Height: how many times a block expands its channels. Dashed: left out.
      </p>
      <dl class="facts">
        <Fact name="blocks" value={`${kept} of ${all}`} />
        <Fact name="operations" value={count(subnet.predicted.macs)} unit="MACs" />
        <Fact name="weights" value={count(subnet.predicted.parameters)} />
        <Fact name="model file" value={`${Math.round(subnet.predicted.modelBytes / 1000)}`} unit="kB" />
      </dl>
    </section>
  );
}

function Fact({ name, value, unit }: { name: string; value: string; unit?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {unit && <small>{unit}</small>}
      </dd>
    </div>
  );
}

interface UnitShape {
  readonly channels: number;
  readonly inputChannels: number;
  readonly size: number;
  readonly blocks: readonly BlockShape[];
}

type Space = NonNullable<Studio['space']>;

function shapesOf(
  space: Space,
  architecture: { readonly units: readonly (readonly { kernel: number; expandRatio: number }[])[] },
) {
  let size = (space.resolutions.at(-1) as number) / space.stem.stride;
  let inputChannels = space.stem.channels;
  return space.units.map((unit, u): UnitShape => {
    size = Math.ceil(size / unit.stride);
    const blocks = Array.from({ length: deepest(unit) }, (_, b): BlockShape => {
      const choice = architecture.units[u]?.[b];
      return choice ? { ...choice, present: 1 } : { kernel: 3, expandRatio: 1, present: 0 };
    });
    const shape = { channels: unit.channels, inputChannels, size, blocks };
    inputChannels = unit.channels;
    return shape;
  });
}
