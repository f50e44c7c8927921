export * from './latency-table.js';
export * from './profile.js';
export * from './quality.js';
