export * from './load.js';
export * from './manifest.js';
export * from './safetensors.js';
export * from './source.js';
export * from './statistics.js';
export * from './verify.js';
export * from './weights.js';
