export * from './interpreter.js';
export * from './load.js';
export * from './program.js';
