export { httpSource } from '../bundle/http-source.js';
export { webRuntime } from '../runtime/web.js';
export { browserName, deviceFacts } from './facts.js';
export { host } from './host.js';
