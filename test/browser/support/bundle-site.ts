import { rm } from 'node:fs/promises';
import { presetSpace } from '@easel/sdk/space';
import { writeRandomBundle } from '../../fixtures/bundle.js';
import { emptyPage, ortFolder, Site } from './site.js';

/** A site with an empty page at `/` and a bundle of random weights at `/files/bundle`, in a folder of its own. */
export async function startBundleSite(): Promise<{ site: Site; folder: string; stop: () => Promise<void> }> {
  const { parent } = await writeRandomBundle(presetSpace('tiny-32'));
  const site = await new Site({ '/files/': parent, '/ort/': ortFolder, '/elsewhere/': ortFolder }).start();
  site.handlers.set('/', emptyPage);
  const stop = async () => {
    await site.stop();
    await rm(parent, { recursive: true });
  };
  return { site, folder: parent, stop };
}
