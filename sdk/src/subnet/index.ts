export * from './assemble.js';
export * from './assert-part.js';
export * from './calibrate.js';
export * from './fold.js';
export * from './network.js';
export * from './statistics.js';
export * from './weights.js';
export * from './write-subnet.js';
