import type { Classifier, Inference } from '../classifier.js';
import type { LatencyCorrection } from '../profile/index.js';
import type { Architecture } from '../space/index.js';
import type { Decision } from './decision.js';
import type { ArchitectureSource, Rung } from './ladder.js';
import type { AdaptiveRequest } from './request.js';

/** Who opens subnets: `Easel`. */
export interface SubnetSource extends ArchitectureSource {
  /** What is known of the device's slowness today, where Easel was loaded with `correct`: taken from, and added to. */
  readonly correction?: LatencyCorrection | undefined;
  /** @param onInference is told of every inference of this classifier */
  open(
    request: Omit<AdaptiveRequest, 'budget'>,
    architecture: Architecture,
    onInference: (inference: Inference) => void,
  ): Promise<Classifier>;
}

/** What the newest inferences of the running subnet took, in ms: of the network alone, without decoding the image. */
export interface ObservedLatency {
  /** How many; p50 and p95 are 0 while there are none. */
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** By what factor the device is slower than its table says, at p95; 1 until it is known. */
  readonly slowdown: number;
}

/** A subnet that is wanted, and why. */
export interface Target {
  readonly request: AdaptiveRequest;
  readonly rungs: readonly Rung[];
  /** Index into `rungs`. */
  readonly rung: number;
  readonly decision: Decision;
  /** Why opening it failed. */
  error?: unknown;
}

export interface Subnet {
  readonly classifier: Classifier;
  readonly target: Target;
}
