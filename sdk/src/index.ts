export type {
  AdaptiveChange,
  AdaptiveClassifier,
  AdaptiveEvents,
  AdaptiveOptions,
  AdaptiveRequest,
  Decision,
  DecisionKind,
  ObservedLatency,
} from './adaptive/index.js';
export type { BundleSource, LoadProgress, Manifest } from './bundle/index.js';
export { Classifier, type Costs, type Prediction, type Result } from './classifier.js';
export { Easel } from './easel.js';
export * from './errors/index.js';
export type { Budget } from './generator/index.js';
export type { ImageInput, Pixels } from './image/index.js';
export type { LoadOptions } from './load-options.js';
export type { DeviceProfile } from './profile/index.js';
export type { Request, SpecializeRequest } from './request.js';
export type { Execution } from './runtime/index.js';
export type { Architecture, BlockChoice, SearchSpace } from './space/index.js';
