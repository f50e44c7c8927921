export * from './supernet-model.js';
export * from './write.js';
