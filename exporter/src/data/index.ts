export { drawPatches, type Patch, type Patches, pastePatches } from './cut-mix.js';
export { type Dataset, type DatasetOptions, leastValidationImages, type Split, type Tasks } from './dataset.js';
export { measureNormalization, type Normalization } from './normalization.js';
export { openDataset } from './open.js';
export { imagesOf, partOf } from './part-of-split.js';
export { type Augmentation, type AugmentationOptions, defaultAugmentation, toTensor } from './preprocess.js';
export { BatchSampler, rarestClass, type SamplerState } from './sampler.js';
export { spreadEvenly, spreadOverClasses } from './spread.js';
