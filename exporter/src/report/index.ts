export * from './page.js';
export * from './self-contained.js';
export * from './series.js';
export * from './training-report.js';
