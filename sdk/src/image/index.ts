export * from './cover.js';
export type { Drawable, EncodedImage, ImageDataLike, ImageInput } from './inputs.js';
export * from './pixels.js';
export * from './resize.js';
