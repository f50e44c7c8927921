export * from './architecture.js';
export * from './cost.js';
export * from './decisions.js';
export * from './fingerprint.js';
export * from './network.js';
export * from './presets.js';
export * from './search-space.js';
