export * from './additive.js';
export * from './baseline.js';
export * from './evolution.js';
export * from './exhaustive.js';
export * from './once-for-all.js';
export * from './random-search.js';
export * from './task-search.js';
