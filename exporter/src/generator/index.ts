export * from './accuracy.js';
export * from './fit.js';
export * from './mlp.js';
export * from './scenarios.js';
export * from './sensitivity.js';
export * from './train.js';
export * from './utilities.js';
