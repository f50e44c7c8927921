export * from './in-flight.js';
export * from './runtime.js';
