export * from './builder.js';
export * from './encode.js';
export * from './model.js';
