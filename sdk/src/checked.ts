/**
 * What is wrong with a request, in words: loaded where a quick check has refused one, and never by pages that ask for what
 * there is.
 */
export { assertLoadable, checkedProfile } from './checked-options.js';
export { looseBudget, refusedArchitecture, requestedClasses } from './checked-request.js';
export { assertBudget } from './generator/checked-budget.js';
