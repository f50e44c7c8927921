export * from './estimate.js';
export * from './facts.js';
export * from './fit.js';
export * from './json-schema.js';
export * from './measure.js';
export * from './profile-device.js';
export * from './random-supernet.js';
export * from './terms.js';
