export { AdaptiveClassifier } from './adaptive-classifier.js';
export type { AdaptiveEvents, Decision, DecisionKind } from './decision.js';
export { Journal, journalLength } from './journal.js';
export { type ArchitectureSource, ladderOf, type Rung } from './ladder.js';
export { type LatencyStatistics, LatencyWindow } from './latency-window.js';
export type { AdaptiveOptions } from './options.js';
export { defaultPolicy, Policy, type PolicyOptions, type Situation, type Verdict } from './policy.js';
export type { AdaptiveChange, AdaptiveRequest } from './request.js';
export type { ObservedLatency, SubnetSource } from './subnet.js';
