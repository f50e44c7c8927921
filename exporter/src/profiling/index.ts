export * from './facts.js';
export * from './json-schema.js';
export * from './priority.js';
export * from './this-machine.js';
export * from './web/index.js';
