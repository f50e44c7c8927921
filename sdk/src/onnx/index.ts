export * from './builder.js';
export * from './decode.js';
export * from './float16.js';
export * from './from-float16.js';
export * from './graph-builder.js';
export * from './model.js';
export * from './wire.js';
