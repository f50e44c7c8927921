/**
 * What is wrong with a request, in words: loaded where a quick check has refused one, and never by pages that ask for what
 * there is, but for those that bring a profile in a file.
 */
export { checkedProfile, refusedOptions } from './checked-options.js';
export { looseBudget, refusedArchitecture, refusedClasses } from './checked-request.js';
export { assertBudget } from './generator/checked-budget.js';
