export * from './checked-budget.js';
export * from './cost-tables.js';
export * from './decode.js';
export * from './features.js';
export * from './model-bytes.js';
export * from './request.js';
export * from './single-limit.js';
