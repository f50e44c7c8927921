export * from './pixels.js';
export * from './resize.js';
