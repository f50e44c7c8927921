import type { Emitter } from '../../emitter.js';
import type { Graph, Value } from '../../graph.js';
import type { Lowering, Scope, Step } from '../lowering.js';
import { PortableStep } from '../portable.js';
import { BlockedScope } from './blocked-scope.js';
import { DepthwiseStep } from './depthwise.js';
import { partition } from './partition.js';
import { ElementwiseStep, GateStep } from './plain.js';
import { DenseStep, PointwiseStep } from './pointwise.js';
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
          switch (part.layer.kind) {
            case 'pointwise':
              return new PointwiseStep(part.layer) as Step;
            case 'depthwise':
              return new DepthwiseStep(part.layer) as Step;
            case 'dense':
              return new DenseStep(part.layer) as Step;
            default:
              return part.layer.kind satisfies never;
          }
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
