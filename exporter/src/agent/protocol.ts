import type { DeviceProfile } from '@easel/sdk/profile';
import type { Visit } from '@easel/sdk/profiling';

/**
 * How a host measures on a device. An agent there times the ONNX models that it is sent, for one client at a time:
 *
 *     GET    /device                    what the device is                                      -> DeviceAnswer
 *     POST   /claim                     become the client                                       -> { client }
 *     POST   /time?resolution=…         body: an ONNX model; open it, run it, close it          -> { times }
 *     DELETE /claim                     make room for the next client
 *
 * Requests carry `Authorization: Bearer TOKEN` where the agent wants one, and `X-Easel-Client: client` after a claim.
 */
export interface DeviceAnswer extends Pick<DeviceProfile, 'device' | 'runtime'> {
  readonly easelAgent: 1;
}

export interface ClaimAnswer {
  readonly client: string;
}

export interface TimeAnswer {
  /** ms of every timed run. */
  readonly times: readonly number[];
}

/** Every failure's body. */
export interface FailureAnswer {
  readonly error: string;
}

export const clientHeader = 'x-easel-client';

/** The numbers of a visit, as query parameters of `time`. */
export function visitQuery(resolution: number, channels: number, { warmUps, least, most, ms }: Visit): string {
  const numbers = { resolution, channels, warmUps, least, most, ms };
  return new URLSearchParams(Object.entries(numbers).map(([name, value]) => [name, String(value)])).toString();
}
