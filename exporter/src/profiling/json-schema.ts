import { deviceProfileSchema } from '@easel/sdk/profile';
import { toJsonSchema } from '@valibot/to-json-schema';

/** The device profile's form as JSON Schema, for editors and for programs in other languages. */
export function deviceProfileJsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Easel device profile',
    description: 'How long the blocks of a search space take on a device.',
    ...toJsonSchema(deviceProfileSchema, {
      target: 'draft-2020-12',
      // Numbers in JSON are finite anyway.
      ignoreActions: ['finite'],
    }),
  };
}
