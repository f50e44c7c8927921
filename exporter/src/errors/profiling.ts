import { EaselError } from '@easel/sdk/errors';

/** Latencies varied so much while measuring that the table would mislead. */
export class NoisyDeviceError extends EaselError {
  readonly code = 'NOISY_DEVICE';
  /** @param others cores that other programs kept busy, where that is known */
  constructor(
    readonly problem: string,
    readonly others?: number,
  ) {
    const busy = others !== undefined && others >= 0.3 ? ` other programs kept ${others.toFixed(1)} cores busy;` : '';
    super(
      `this device is too noisy to be trusted: ${problem};${busy} close other programs, plug in the charger, let it cool ` +
        'down, take fewer --threads than there are cores, or more --seconds (--allow-noise writes the profile anyway)',
    );
  }
}

/** What is to be measured cannot be reached, or does not do what it should. */
export class DeviceError extends EaselError {
  readonly code = 'DEVICE';
}

/** A device's agent cannot be used: it is not there, wants a token, measures for someone else, or died. */
export class AgentError extends EaselError {
  readonly code = 'AGENT';
  constructor(
    readonly url: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`agent ${url}: ${problem}`, options);
  }
}
