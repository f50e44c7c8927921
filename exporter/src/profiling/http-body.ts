import type { IncomingMessage } from 'node:http';
import { DeviceError } from '../errors/index.js';

/** @throws DeviceError if it is longer than `most` bytes, or breaks off */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new DeviceError(`more than ${most} bytes were sent`);
    chunks.push(chunk);
  }
  if (!request.complete) throw new DeviceError('what was sent breaks off');
  return Buffer.concat(chunks);
}
