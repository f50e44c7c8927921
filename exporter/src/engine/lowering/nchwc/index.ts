import type { Emitter } from '../../emitter.js';
import type { Graph, Value } from '../../graph.js';
import type { Lowering, Scope, Step } from '../lowering.js';
import { PortableStep } from '../portable.js';
import { BlockedScope } from './blocked-scope.js';
import { DenseKernel } from './dense-kernel.js';
import { DepthwiseKernel } from './depthwise-kernel.js';
import { LayerStep } from './layer-step.js';
import { type FusedLayer, partition } from './partition.js';
import { ElementwiseStep, GateStep } from './plain.js';
import { PointwiseStep } from './pointwise.js';
import { PoolStep } from './pool.js';

/**
 * Convolution, norm, ReLU and residual fused, in the blocked memory order of ONNX Runtime's x86 kernels. Whatever has no
 * fused form (squeeze-excite, h-swish, strided convolutions of odd maps) falls back to the portable emission, with a
 * change of memory order at the border.
 */
export class NchwcLowering implements Lowering {
  readonly name: string;

  constructor(readonly block: 8 | 16) {
    this.name = `nchwc${block}`;
  }

  scope(emitter: Emitter, differentiable: ReadonlySet<Value>): Scope {
    return new BlockedScope(emitter, differentiable, this.block);
  }

  steps(graph: Graph, outputs: ReadonlySet<Value>, differentiable: ReadonlySet<Value>): readonly Step[] {
    return partition(graph, outputs, differentiable).map((part): Step => {
      switch (part.kind) {
        case 'layer':
          return layerStep(part.layer) as Step;
        case 'pool':
          return new PoolStep(part.node) as Step;
        case 'elementwise':
          return new ElementwiseStep(part.node) as Step;
        case 'gate':
          return new GateStep(part.node) as Step;
        case 'other':
          return new PortableStep(part.node);
        default:
          return part satisfies never;
      }
    });
  }
}

function layerStep(layer: FusedLayer): Step {
  switch (layer.kind) {
    case 'pointwise':
      return new PointwiseStep(layer);
    case 'depthwise':
      return new LayerStep(layer, (scope) => new DepthwiseKernel(scope, layer));
    case 'dense':
      return new LayerStep(layer, (scope) => new DenseKernel(scope, layer));
    default:
      return layer.kind satisfies never;
  }
}
