import { type CostTable, exactTable, type Layer, layerParameters, type SearchSpace } from '../space/index.js';

/**
 * An upper bound of an assembled model's size in bytes: 4 per parameter, and what ONNX needs for nodes and names.
 * It exceeds the file by 1 to 4 kB: at most 1.5 % in the presets, room for a little metadata.
 */
export function modelBytesTable(space: SearchSpace, classes: number): CostTable {
  const table = exactTable(space, classes, 'modelBytes', (layer) => 4 * layerParameters(layer) + layerOverhead(layer));
  const header = headerBytes + 3 * space.name.length;
  return { ...table, base: table.base.map((bytes) => bytes + header) };
}

/** Model, graph, input, output, opset and metadata. */
const headerBytes = 400;

/** Of a layer's nodes, attributes and initializers without the numbers: bytes, and how often they repeat its name. */
const overheads: Readonly<Record<Layer['kind'], readonly [bytes: number, names: number]>> = {
  convolution: [220, 12],
  'squeeze-excite': [1000, 32],
  pool: [120, 0],
  linear: [160, 10],
};

function layerOverhead(layer: Layer): number {
  const [bytes, names] = overheads[layer.kind];
  return bytes + names * ('name' in layer ? layer.name.length : 0);
}
