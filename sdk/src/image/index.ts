export * from './assert-pixels.js';
export * from './cover.js';
export * from './cover-square.js';
export * from './image-tensor.js';
export type { Drawable, EncodedImage, ImageDataLike, ImageInput } from './inputs.js';
export * from './pixels.js';
export * from './resize.js';
