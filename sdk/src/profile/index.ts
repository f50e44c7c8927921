export * from './correction.js';
export * from './latency-table.js';
export * from './name.js';
export * from './parse-profile.js';
export * from './predict-latency.js';
export * from './profile.js';
export * from './quality.js';
