export * from './gated-network.js';
export * from './initialize.js';
export * from './network.js';
export * from './statistics.js';
