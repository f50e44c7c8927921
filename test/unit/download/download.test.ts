import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { download } from '@easel/sdk/download';
import { DownloadError } from '@easel/sdk/errors';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';

describe('download', () => {
  let server: Server;
  let url: URL;
  let unfinished: Promise<void>;
  let unread: Promise<void>;
  before(async () => {
    let broken = () => {};
    unfinished = new Promise((resolve) => {
      broken = resolve;
    });
    let refused = () => {};
    unread = new Promise((resolve) => {
      refused = resolve;
    });
    server = createServer((request, response) => {
      if (request.url === '/nothing') {
        response.writeHead(204).end();
        return;
      }
      if (request.url === '/long-refusal') {
        response.writeHead(404).on('close', refused);
        // More than connections hold back: whoever does not read it must end it.
        response.write(Buffer.alloc(16e6));
        return;
      }
      response.writeHead(200, { 'Content-Length': 10 });
      response.write('12345');
      if (request.url === '/whole') response.end('67890');
      else if (request.url === '/broken') setTimeout(() => response.destroy(), 20);
      else response.on('close', broken);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gives all bytes, and says how many so far', async () => {
    const seen: number[] = [];
    const bytes = await download(new URL('/whole', url), { onBytes: (count) => seen.push(count) });
    expect(new TextDecoder().decode(bytes)).to.equal('1234567890');
    expect(seen.at(-1)).to.equal(10);
  });

  it('says that a broken connection truncated it', async () => {
    expect((await rejection(download(new URL('/broken', url)), DownloadError)).message).to.match(
      /truncated: the connection broke after 5 bytes/,
    );
  });

  it('says that an answer holds nothing', async () => {
    const error = await rejection(download(new URL('/nothing', url)), DownloadError);
    expect(error.problem).to.equal('the server answers 204 No Content');
  });

  it('ends the connection of an answer that it has no use for', async () => {
    const error = await rejection(download(new URL('/long-refusal', url)), DownloadError);
    expect(error.problem).to.include('404');
    await unread;
  });

  it('rejects with what onBytes throws, and ends the connection', async () => {
    const own = new Error('the progress bar is gone');
    const onBytes = () => {
      throw own;
    };
    expect(await rejection(download(new URL('/endless', url), { onBytes }), Error)).to.equal(own);
    await unfinished;
  });
});
