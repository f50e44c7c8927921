export * from './emitter.js';
export * from './errors.js';
export * from './executable.js';
export * from './graph.js';
export * from './lowering/lowering.js';
export { NchwcLowering } from './lowering/nchwc/index.js';
export * from './lowering/portable.js';
export * from './lowering/select.js';
export * as ops from './ops/index.js';
