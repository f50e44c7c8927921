export { httpSource } from '../bundle/http-source.js';
export { webRuntime } from '../runtime/web.js';
export { browserIn, browserName, deviceFacts, systemIn } from './facts.js';
export { host } from './host.js';
