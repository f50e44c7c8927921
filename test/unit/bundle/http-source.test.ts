import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { type LoadProgress, loadBundle } from '@easel/sdk/bundle';
import { BundleError } from '@easel/sdk/errors';
import { httpSource } from '@easel/sdk/node';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { randomBundleContents, withDirectory } from '../../fixtures/bundle.js';
import { rejection } from '../../fixtures/rejection.js';

describe('httpSource', () => {
  it('ends the downloads under way, and tells of no more progress, when one of the files cannot be had', () =>
    withDirectory(async (parent) => {
      const directory = join(parent, 'bundle');
      await writeBundle(directory, randomBundleContents(presetSpace('tiny-32')));
      let ended = () => {};
      const supernetEnded = new Promise<void>((resolve) => {
        ended = resolve;
      });
      const server = createServer(async ({ url }, response) => {
        const path = new URL(url as string, 'http://localhost').pathname;
        if (path === '/generator.onnx') {
          response.writeHead(404).end();
        } else if (path === '/supernet.onnx') {
          // Never complete.
          const drops = setInterval(() => response.write('drop'), 5);
          response.on('close', () => {
            clearInterval(drops);
            ended();
          });
        } else response.end(await readFile(join(directory, path)));
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const source = httpSource(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
      const events: LoadProgress[] = [];
      const onProgress = (event: LoadProgress) => events.push(event);
      try {
        const error = await rejection(loadBundle(source, { onProgress }), BundleError);
        expect(error.file).to.equal('generator.onnx');
        const told = events.length;
        await supernetEnded;
        expect(events.length).to.equal(told);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }));
});
