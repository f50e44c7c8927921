import { deviceProfileSchema } from '@easel/sdk/profile';

/** What the fields of a profile mean, by their path; `*` stands for every entry of a list. */
const descriptions: Readonly<Record<string, string>> = {
  '': 'How long the blocks of a search space take on a device.',
  name: "Unique; also the file's name without .json.",
  space: 'What was measured: the search space, a hash of its document, the number of classes told apart.',
  'device.simd': 'The widest vector instructions, such as avx512, avx2 or neon.',
  'runtime.browser': 'In which it ran, such as Chromium 148.',
  'runtime.threads': 'That one inference may use.',
  'measured.subnets': 'Whole random subnets that the terms were fitted to.',
  'measured.repeats': 'Timed runs of each subnet.',
  'measured.quantile':
    "Which quantile of a subnet's runs tells how subnets compare: low ones leave out interruptions. The level of the " +
    'terms is that of the median run.',
  'measured.noise':
    'How much the latency of one reference subnet, run in between, varied: its interquartile range / median.',
  'measured.seconds': 'How long measuring took.',
  'measured.adaptedFrom': 'Another device, whose table was adapted to a few measured subnets of this one.',
  'measured.others': 'Cores that other programs kept busy meanwhile, on average, where that is known.',
  terms:
    'Milliseconds: the latency of an architecture is the base of its resolution plus a term for every kept block, by ' +
    'kernel size x expand ratio.',
  'terms.*.resolution': 'Side of the input image in px.',
  'terms.*.base': 'Stem, head, and what a call costs.',
  'terms.*.units.*.first': 'The first block of the unit, which strides and widens.',
  'terms.*.units.*.later': 'Each later block: they share a shape. Empty if the unit never has more than one block.',
  error:
    'Predicted against measured latency on random subnets that were not used for fitting: relative errors, and the ' +
    'shares of subnets within 5 % and 10 %.',
};

type Json = Readonly<Record<string, unknown>>;

/** The device profile's form as JSON Schema, for editors and for programs in other languages. */
export function deviceProfileJsonSchema(): Json {
  const unused = new Set(Object.keys(descriptions));
  const described = describe(deviceProfileSchema, '', unused);
  if (unused.size > 0) throw new Error(`no such fields of a profile: ${[...unused].join(', ')}`);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Easel device profile',
    ...described,
  };
}

/** The SDK's schemas are JSON Schema but for `expected`, which words its errors. */
function describe({ expected: _, ...schema }: Json, path: string, unused: Set<string>): Json {
  const inside = (key: string) => (path ? `${path}.${key}` : key);
  const description = descriptions[path];
  unused.delete(path);
  const { properties, items, propertyNames, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties
      ? { properties: mapped(properties as Json, (key, each) => describe(each, inside(key), unused)) }
      : {}),
    ...(items ? { items: describe(items as Json, inside('*'), unused) } : {}),
    ...(propertyNames ? { propertyNames: describe(propertyNames as Json, '-', unused) } : {}),
    ...(additionalProperties ? { additionalProperties: describe(additionalProperties as Json, '-', unused) } : {}),
    ...(description === undefined ? {} : { description }),
  };
}

function mapped(object: Json, map: (key: string, value: Json) => Json): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(key, value as Json)]));
}
