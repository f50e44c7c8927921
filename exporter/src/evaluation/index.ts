export * from './accuracy.js';
export * from './bootstrap.js';
export * from './bundle-predictor.js';
export * from './logits-store.js';
export * from './model-logits.js';
export * from './percentile-interval.js';
export * from './subnet-runner.js';
