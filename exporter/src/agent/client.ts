import { type LatencyMeter, usualVisit } from '@easel/sdk/profiling';
import { AgentError } from '../errors/index.js';
import { type ClaimAnswer, clientHeader, type DeviceAnswer, type TimeAnswer, visitQuery } from './protocol.js';

export interface AgentClient extends Pick<DeviceAnswer, 'device' | 'runtime'> {
  /** Times subnets on the agent's device. @throws AgentError */
  readonly meter: LatencyMeter;
  /** Makes room for the next client; does not fail if the agent is gone. */
  release(): Promise<void>;
}

export interface AgentClientOptions {
  readonly token?: string | undefined;
  /** To wait for one answer. Default 120. */
  readonly timeoutSeconds?: number;
}

/**
 * Claims a device's agent for this process.
 * @throws AgentError if nothing answers there, if it wants a token, or if it measures for someone else
 */
export async function connectAgent(
  url: string,
  { token, timeoutSeconds = 120 }: AgentClientOptions = {},
): Promise<AgentClient> {
  const base = addressOf(url);
  let client: string | undefined;
  const ask = async (method: string, path: string, body?: Uint8Array): Promise<unknown> => {
    const response = await fetch(new URL(path, base), {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(client === undefined ? {} : { [clientHeader]: client }),
      },
      signal: AbortSignal.timeout(1000 * timeoutSeconds),
      ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
    }).catch((cause: Error) => {
      const why = (cause.cause as { code?: string } | undefined)?.code ?? cause.message;
      throw new AgentError(url, `does not answer (${why}); is easel agent still running there?`, { cause });
    });
    const text = await response.text().catch((cause: Error) => {
      throw new AgentError(url, `broke off in the middle of an answer (${cause.message})`, { cause });
    });
    const answer = text === '' ? undefined : parse(text);
    if (response.ok) return answer;
    const problem = (answer as { error?: unknown } | undefined)?.error;
    throw new AgentError(
      url,
      typeof problem === 'string' ? problem : `answers ${response.status}: is it an easel agent?`,
    );
  };
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      throw new AgentError(url, 'answers something that is no JSON: is it an easel agent?');
    }
  };

  const found = (await ask('GET', '/device')) as DeviceAnswer | undefined;
  if (found?.easelAgent !== 1) throw new AgentError(url, 'is no easel agent, or one of another version');
  ({ client } = (await ask('POST', '/claim')) as ClaimAnswer);
  return {
    device: found.device,
    runtime: found.runtime,
    meter: {
      async time({ model, resolution, channels = 3 }, visit = usualVisit) {
        const path = `/time?${visitQuery(resolution, channels, visit)}`;
        return ((await ask('POST', path, model)) as TimeAnswer).times;
      },
    },
    async release() {
      await ask('DELETE', '/claim').catch(() => undefined);
    },
  };
}

function addressOf(url: string): URL {
  try {
    const address = new URL(url);
    if (address.protocol === 'http:' || address.protocol === 'https:') return address;
  } catch {
    // Told below.
  }
  throw new AgentError(url, 'is no address of an agent; it is like http://192.168.1.20:7420');
}
