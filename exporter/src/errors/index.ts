export * from './data.js';
export * from './training.js';
