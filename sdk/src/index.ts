export type { BundleSource, LoadProgress, Manifest } from './bundle/index.js';
export { Classifier, type Costs, type ImageInput, type Result } from './classifier.js';
export { Easel, type LoadOptions } from './easel.js';
export * from './errors/index.js';
export type { Budget } from './generator/index.js';
export type { Pixels } from './image/index.js';
export type { DeviceProfile } from './profile/index.js';
export type { Request, SpecializeRequest } from './request.js';
export type { Architecture, BlockChoice, SearchSpace } from './space/index.js';
