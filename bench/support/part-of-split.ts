import { partOf, type Split, spreadOverClasses } from '@easel/exporter/data';

/** At most so many images, spread evenly over the classes. */
export function spread(split: Split, most: number): Split {
  return partOf(split, spreadOverClasses(split.labels, most));
}
