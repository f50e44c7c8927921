export * from './chromium.js';
export * from './chromium-device.js';
export * from './job.js';
export * from './profile-browser.js';
export * from './serve.js';
