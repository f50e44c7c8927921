export * from './interpreter.js';
export * from './program.js';
