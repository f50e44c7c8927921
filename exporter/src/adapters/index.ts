export * from './gain.js';
export * from './low-rank.js';
export * from './options.js';
export * from './train-adapter.js';
