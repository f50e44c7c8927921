import type { Browser, Page } from 'playwright-core';
import type { Actions } from '../page.js';
import { bundlePage } from './bundle-page.js';
import type { Handler, Site } from './site.js';

let script: Promise<Handler> | undefined;

/** A page of the site with the actions of page.ts, and a way to call them. */
export async function openPage(
  browser: Browser,
  site: Site,
  {
    origin = site.origin,
    path = '/',
    prepare,
  }: { origin?: string; path?: string; prepare?: (page: Page) => Promise<unknown> } = {},
) {
  script ??= bundlePage('test/dist/browser/page.js');
  site.handlers.set('/page.js', await script);
  // A context of its own: no storage is shared with other pages.
  const context = await browser.newContext();
  const page = await context.newPage();
  await prepare?.(page);
  await page.goto(origin + path);
  await page.addScriptTag({ type: 'module', url: '/page.js' });
  await page.waitForFunction('globalThis.actions');
  return {
    page,
    run: <Name extends keyof Actions>(
      name: Name,
      ...parameters: Parameters<Actions[Name]>
    ): Promise<Awaited<ReturnType<Actions[Name]>>> =>
      page.evaluate(`actions.${name}(...${JSON.stringify(parameters)})`),
    close: () => context.close(),
  };
}
