import { type Manifest, manifestFile, parseManifest } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';

/** @throws BundleError */
export async function readManifest(bundle: string): Promise<Manifest> {
  return parseManifest(await directorySource(bundle).read(manifestFile));
}
