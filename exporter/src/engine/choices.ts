/** What computes. In a file of its own, so that a command can name them without loading them. */
export const engines = ['onnx', 'tfjs'] as const;
export type EngineName = (typeof engines)[number];

/** Of the onnx engine. */
export const devices = ['cpu', 'webgpu'] as const;
export type Device = (typeof devices)[number];
