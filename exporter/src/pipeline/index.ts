export * from './evaluate.js';
export * from './export.js';
export * from './generator.js';
export * from './origin.js';
export * from './pareto-page.js';
export * from './profile.js';
export * from './run-directory.js';
export * from './train.js';
