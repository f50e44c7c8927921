export * from './accuracy.js';
export * from './model-logits.js';
