import type { ops } from '@easel/exporter/engine';
import type { Case } from '../case.js';
import { type LayerOptions, layer, type Norm, norms, type Spread } from './build.js';
import { batch, denseWidths, depthwiseWidths, largeMaps, maps } from './shapes.js';

type Geometry = Pick<LayerOptions, 'kernel' | 'out'> & {
  readonly stride: number;
  readonly depthwise: boolean;
  readonly into: number;
};
type Ending = ops.ActivationName | 'residual' | 'nothing';

/** Convolution, norm and what follows it: what a lowering may fuse. */
export const layerCases: readonly Case[] = norms.flatMap((norm) => [
  // Large maps may be computed in another way than small ones, whole blocks of positions in yet another.
  ...geometries([1]).flatMap((geometry) =>
    geometry.depthwise || geometry.stride > 1 ? [] : [layerCase(geometry, [8, 10], norm, 'relu', 'apart')],
  ),
  ...geometries([1, 3], 1).map((geometry) => layerCase(geometry, [16, 18], norm, 'relu', 'apart')),
  ...largeMaps.flatMap((map) =>
    geometries([3, 5, 7], 1).flatMap((geometry) =>
      geometry.depthwise ? [layerCase(geometry, map, norm, 'relu', 'apart')] : [],
    ),
  ),
  ...maps.flatMap((map) => geometries([1, 3, 5, 7]).map((geometry) => layerCase(geometry, map, norm, 'relu', 'apart'))),
  ...maps
    .slice(0, 2)
    .flatMap((map) =>
      geometries([1, 3], 1).flatMap((geometry) => [
        layerCase(geometry, map, norm, 'relu', 'mixed'),
        layerCase(geometry, map, norm, 'hswish', 'mixed'),
        layerCase(geometry, map, norm, 'nothing', 'mixed'),
        layerCase(geometry, map, norm, 'residual', 'mixed'),
      ]),
    ),
]);

function geometries(kernels: readonly number[], most?: number): Geometry[] {
  return kernels.flatMap((kernel) =>
    [1, 2].flatMap((stride) => [
      ...denseWidths(kernel)
        .slice(0, most)
        .map(([into, out]) => ({ kernel, stride, into, out, depthwise: false })),
      ...depthwiseWidths.slice(0, most).map((width) => ({ kernel, stride, into: width, out: width, depthwise: true })),
    ]),
  );
}

function layerCase(
  geometry: Geometry,
  map: readonly [number, number],
  norm: Norm,
  ending: Ending,
  spread: Spread,
): Case {
  const { kernel, stride, into, out, depthwise } = geometry;
  const kind = depthwise ? `depthwise ${out} channels` : `dense ${into} to ${out} channels`;
  const smooth = spread === 'apart' || ending === 'nothing' || ending === 'residual';
  return {
    name: `${kind}, ${kernel}x${kernel} stride ${stride} on ${map.join('x')}, ${norm} norm, ${ending}, ${spread}`,
    margin: smooth ? 0.1 : 1e-4,
    differences: smooth ? 'uphill' : 'none',
    // Batch norm cancels the scale of a kernel, which is all that there is to one of 1x1.
    floor: 0.01,
    build(s) {
      const x = s.variable('x', [batch, into, ...map]);
      const outMap = map.map((extent) => Math.ceil(extent / stride));
      const last =
        ending === 'residual'
          ? { residual: s.variable('residual', [batch, out, ...outMap]) }
          : ending === 'nothing'
            ? {}
            : { activation: ending };
      return { y: layer(s, 'layer', x, { out, kernel, stride, depthwise, norm, spread, ...last }) };
    },
  };
}
