export * from './conform.js';
export * from './parse.js';
export * from './schema.js';
