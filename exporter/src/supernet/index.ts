export * from './initialize.js';
export * from './network.js';
