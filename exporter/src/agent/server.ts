import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deviceFacts, nodeRuntime } from '@easel/sdk/node';
import { type LatencyMeter, runtimeMeter } from '@easel/sdk/profiling';
import { DeviceError } from '../errors/index.js';
import { readBody } from '../profiling/http-body.js';
import { runtimeFacts } from '../profiling/index.js';
import { reachableHost } from '../profiling/reachable-host.js';
import { type ClaimAnswer, clientHeader, type DeviceAnswer, type FailureAnswer, type TimeAnswer } from './protocol.js';

export interface AgentOptions {
  /** Default: 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** What clients must know. Needed for every host but the loopback. */
  readonly token?: string;
  /** Per inference. Default 1. */
  readonly threads?: number;
  /** After so long without a request a client has lost its claim. Default 60. */
  readonly idleSeconds?: number;
  /** Default: onnxruntime-node. */
  readonly meter?: LatencyMeter;
}

export interface Agent {
  readonly url: string;
  close(): Promise<void>;
}

const largestModel = 512 * 2 ** 20;
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/** A failure that the client is told of. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Starts to time models for a client on another machine, or on this one.
 * @throws DeviceError if it should listen to others without a token, or cannot listen
 */
export async function startAgent(options: AgentOptions = {}): Promise<Agent> {
  const { host = '127.0.0.1', port = 0, threads = 1, idleSeconds = 60 } = options;
  // An empty one protects nothing.
  const token = options.token || undefined;
  if (token === undefined && !loopback.has(host)) {
    throw new DeviceError(`an agent that listens on ${host} runs models for anyone who reaches it: give it a --token`);
  }
  const meter = options.meter ?? runtimeMeter(nodeRuntime, { threads });
  let claim: { readonly client: string; seenAt: number; busy: boolean } | undefined;

  async function answer(request: IncomingMessage): Promise<DeviceAnswer | ClaimAnswer | TimeAnswer | undefined> {
    refuseWebPages(request, token !== undefined);
    if (token !== undefined && !sameText(request.headers.authorization ?? '', `Bearer ${token}`)) {
      throw new Refusal(401, "this agent wants a token (EASEL_TOKEN, or the agent's --token)");
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent');
    const { method } = request;
    if (method === 'GET' && pathname === '/device') {
      return { easelAgent: 1, device: deviceFacts(), runtime: runtimeFacts(threads) };
    }
    if (method === 'POST' && pathname === '/claim') {
      const idle = claim ? (performance.now() - claim.seenAt) / 1000 : Number.POSITIVE_INFINITY;
      if (claim && (claim.busy || idle < idleSeconds)) {
        throw new Refusal(
          409,
          `this agent measures for another client; it is free ${idleSeconds} s after its last request`,
        );
      }
      claim = { client: randomBytes(12).toString('hex'), seenAt: performance.now(), busy: false };
      return { client: claim.client };
    }
    if (!claim || !sameText(String(request.headers[clientHeader] ?? ''), claim.client)) {
      throw new Refusal(409, 'claim this agent first; it may have gone to another client meanwhile');
    }
    const own = claim;
    own.seenAt = performance.now();
    if (method === 'DELETE' && pathname === '/claim') {
      claim = undefined;
      return undefined;
    }
    if (method === 'POST' && pathname === '/time') {
      if (own.busy)
        throw new Refusal(409, 'one model at a time: what runs beside another is not what is to be measured');
      const number = (name: string) => wholeNumber(name, searchParams.get(name));
      const visit = { warmUps: number('warmUps'), least: number('least'), most: number('most'), ms: number('ms') };
      own.busy = true;
      try {
        const model = await readBody(request, largestModel);
        const subject = { model, resolution: number('resolution'), channels: number('channels') };
        return { times: await meter.time(subject, visit) };
      } catch (error) {
        throw error instanceof Refusal
          ? error
          : new Refusal(422, `the model cannot be timed: ${(error as Error).message}`);
      } finally {
        own.busy = false;
        own.seenAt = performance.now();
      }
    }
    throw new Refusal(404, 'there are GET /device, POST and DELETE /claim, and POST /time');
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (content) => send(response, content === undefined ? 204 : 200, content),
      (error) => send(response, error instanceof Refusal ? error.status : 500, { error: (error as Error).message }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) => reject(new DeviceError(`cannot listen on ${host}:${port} (${message})`)));
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${reachableHost(host)}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, status: number, content: unknown | FailureAnswer): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(content === undefined ? undefined : JSON.stringify(content));
}

function wholeNumber(name: string, text: string | null): number {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  if (!(Number.isInteger(value) && value >= 0 && value <= 1e6)) {
    throw new Refusal(400, `${name} must be a whole number, got ${text}`);
  }
  return value;
}

/**
 * Any web page that a browser on this machine shows can send requests here, and read the answers once its own name
 * leads to this address. Browsers say so by Origin and Host, which no page can change; Easel's client sends no Origin.
 */
function refuseWebPages({ headers }: IncomingMessage, hasToken: boolean): void {
  if (headers.origin !== undefined) throw new Refusal(403, 'this agent answers no web pages');
  if (!hasToken && !loopback.has(hostNameOf(headers.host))) {
    throw new Refusal(403, 'without a token this agent answers only to 127.0.0.1, localhost and [::1]');
  }
}

function hostNameOf(host = ''): string {
  return host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

/** Takes as long whatever the difference. */
function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
