export * from './initialize.js';
export * from './network.js';
export * from './statistics.js';
