/** Writes device-profiles/schema/device-profile.schema.json: `npm run schemas`. A test fails if it is out of date. */
import { writeFile } from 'node:fs/promises';
import { deviceProfileJsonSchema } from '@easel/exporter/profiling';

const file = new URL('../../device-profiles/schema/device-profile.schema.json', import.meta.url);
await writeFile(file, `${JSON.stringify(deviceProfileJsonSchema(), null, 2)}\n`);
