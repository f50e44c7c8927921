export * from './in-flight.js';
export * from './runtime.js';
export * from './session-pool.js';
