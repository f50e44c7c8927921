export * from './data.js';
export * from './options.js';
export * from './output.js';
export * from './profiling.js';
export * from './run.js';
export * from './training.js';
