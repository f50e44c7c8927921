export * from './atomic.js';
export * from './folder.js';
export * from './lock.js';
export * from './problems.js';
export * from './update.js';
