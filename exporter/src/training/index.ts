export * from './checkpoint.js';
export * from './events.js';
export * from './options.js';
export { type Phase, type Schedule, scheduleOf } from './schedule.js';
export * from './trainer.js';
