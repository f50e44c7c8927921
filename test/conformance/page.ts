import { type ConformanceContext, conformanceCases } from './suite.js';

/** For the page in Chromium: the test there calls it by name. */
Object.assign(globalThis, {
  runConformanceCase: (name: string, context: ConformanceContext) =>
    conformanceCases.find((each) => each.name === name)?.run(context),
});
