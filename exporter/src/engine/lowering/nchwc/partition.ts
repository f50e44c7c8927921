import type { Graph, Node, Value } from '../../graph.js';
import { activation } from '../../ops/activation.js';
import { add } from '../../ops/add.js';
import { batchNorm, frozenNorm } from '../../ops/batch-norm.js';
import { type Convolution, convolution } from '../../ops/convolution.js';
import { globalAveragePool } from '../../ops/global-average-pool.js';
import { multiply } from '../../ops/multiply.js';

/** Convolution, norm, then a ReLU or a residual or neither: emitted as one. */
export interface FusedLayer {
  readonly kind: 'pointwise' | 'depthwise' | 'dense';
  readonly convolution: Node;
  readonly norm: Node;
  readonly frozen: boolean;
  readonly relu: boolean;
  /** What is added after the norm. */
  readonly residual: Value | undefined;
  readonly input: Value;
  readonly weight: Value;
  readonly stride: number;
  readonly output: Value;
  /** Whether the output is wanted in phases: it leads to a depthwise convolution of stride 2, and nowhere else. */
  readonly phased: boolean;
}

export type PlainKind = 'pool' | 'elementwise' | 'gate';

export type Part =
  | { readonly kind: 'layer'; readonly layer: FusedLayer }
  /** One op that has a form of its own in blocked memory. */
  | { readonly kind: PlainKind; readonly node: Node }
  | { readonly kind: 'other'; readonly node: Node };

/** Groups the nodes of a graph; the parts run in the order given. */
export function partition(graph: Graph, outputs: ReadonlySet<Value>, differentiable: ReadonlySet<Value>): Part[] {
  const consumers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) consumers.set(input, [...(consumers.get(input) ?? []), node]);
  }
  /** The one node that uses a value, if nobody else does. */
  const only = (value: Value): Node | undefined => {
    const users = consumers.get(value) ?? [];
    return users.length === 1 && !outputs.has(value) ? users[0] : undefined;
  };

  const fused = new Map<Node, FusedLayer>();
  const absorbed = new Set<Node>();
  for (const node of graph.nodes) {
    if (node.op !== (convolution as unknown)) continue;
    const found = layerFrom(node, only, absorbed);
    if (!found) continue;
    if (found.layer.kind === 'dense' && !isImage(found.layer.input, differentiable)) continue;
    const { nodes, layer } = found;
    // The layer runs where its last node stands, so that a residual is there by then.
    for (const member of nodes) absorbed.add(member);
    fused.set(nodes.at(-1) as Node, layer);
  }
  const phased = phasedLayers([...fused.values()], only);
  return graph.nodes.flatMap((node): Part[] => {
    const layer = fused.get(node);
    if (layer) return [{ kind: 'layer', layer: phased.has(layer) ? { ...layer, phased: true } : layer }];
    if (absorbed.has(node)) return [];
    return [{ kind: plainKind(node) ?? 'other', node }];
  });
}

/**
 * The layers that give out phases: those before a depthwise convolution of stride 2, and a stem before such a layer. Splitting
 * an image would cost more than that.
 */
function phasedLayers(layers: readonly FusedLayer[], only: (value: Value) => Node | undefined): Set<FusedLayer> {
  const byConvolution = new Map(layers.map((layer) => [layer.convolution, layer]));
  const phased = new Set<FusedLayer>();
  for (const layer of [...layers].reverse()) {
    const { kind, residual, output, weight, stride } = layer;
    const node = only(output);
    const consumer = node && byConvolution.get(node);
    if (!consumer || residual || !evenExtents(output)) continue;
    const wanted = consumer.kind === 'depthwise' && consumer.stride === 2;
    // The phases of a stem begin in the padding of its image.
    const stem = kind === 'dense' && (weight.shape[2] as number) >> 1 >= stride;
    if (kind === 'pointwise' ? wanted : stem && (wanted || phased.has(consumer))) phased.add(layer);
  }
  return phased;
}

function plainKind({ op, inputs }: Node): PlainKind | undefined {
  const [x, other] = inputs as [Value, Value | undefined];
  const is = (candidate: unknown) => op === candidate;
  if (x.shape.length !== 4) return undefined;
  if (is(globalAveragePool)) return 'pool';
  if (is(activation) || is(add)) return 'elementwise';
  const gate = [x.shape[0], x.shape[1], 1, 1].join();
  return is(multiply) && other?.shape.join() === gate ? 'gate' : undefined;
}

/** The kernels for dense convolutions take row-major input, if it has fewer channels than the smallest block. */
function isImage(value: Value, differentiable: ReadonlySet<Value>): boolean {
  return (value.shape[1] as number) < 8 && !differentiable.has(value);
}

function evenExtents({ shape }: Value): boolean {
  return (shape[2] as number) % 2 === 0 && (shape[3] as number) % 2 === 0;
}

function layerFrom(
  node: Node,
  only: (value: Value) => Node | undefined,
  taken: ReadonlySet<Node>,
): { layer: FusedLayer; nodes: readonly Node[] } | undefined {
  const is = (candidate: Node | undefined, op: unknown): candidate is Node => candidate?.op === op;
  const { stride, groups } = node.attributes as Convolution;
  const [input, weight] = node.inputs as [Value, Value];
  const kernel = weight.shape[2] as number;
  const kind = groups > 1 ? 'depthwise' : kernel === 1 ? 'pointwise' : 'dense';
  const even = evenExtents(input);
  if (kind === 'pointwise' && stride !== 1) return undefined;
  if (kind === 'depthwise' && (kernel === 1 || (stride === 2 && !even))) return undefined;

  const norm = only(node.outputs[0] as Value);
  if (!is(norm, batchNorm) && !is(norm, frozenNorm)) return undefined;
  const nodes: Node[] = [node, norm];
  let output = norm.outputs[0] as Value;
  const next = only(output);
  const relu = is(next, activation) && (next.attributes as { kind: string }).kind === 'relu';
  let residual: Value | undefined;
  if (relu) nodes.push(next);
  else if (is(next, add) && !taken.has(next)) {
    // Of two layers whose outputs are summed, only the first becomes one with the sum.
    nodes.push(next);
    residual = next.inputs.find((value) => value !== output);
    if (!residual) return undefined;
  }
  output = (nodes.at(-1) as Node).outputs[0] as Value;
  const frozen = is(norm, frozenNorm);
  return {
    nodes,
    layer: { kind, convolution: node, norm, frozen, relu, residual, input, weight, stride, output, phased: false },
  };
}
