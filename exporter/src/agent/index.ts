export * from './client.js';
export * from './grid.js';
export * from './server.js';
