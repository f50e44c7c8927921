import type { Easel } from '@easel/sdk';
import { formatArchitecture } from '@easel/sdk/space';
import type { Command } from 'commander';
import { easelCommand, note, print } from '../command.js';
import { formatFields } from '../describe/fields.js';
import { openEasel, type RequestFlags, requestOf, withRequestOptions } from '../request-options.js';
import { milliseconds, percent, shortCount } from '../table.js';

interface Flags extends RequestFlags {
  out?: string;
  measure: boolean;
  json?: boolean;
}

export function specializeCommand(): Command {
  const command = easelCommand('specialize', 'Cut the subnet for a task and a budget out of a bundle.', [
    'easel specialize --bundle bundle --tasks digits --latency-ms 1 --out digits.onnx',
    'easel specialize --bundle bundle --classes cat,dog --macs 10M --model-bytes 200k --json',
    'easel specialize --bundle bundle --tasks digits --latency-ms 3 --profile phone.json --no-measure',
    'easel specialize --bundle bundle --tasks digits --accuracy 0.9',
  ]);
  return withRequestOptions(command)
    .option('--out <file>', 'write the subnet as an ONNX model')
    .option('--no-measure', 'only predict how long it takes')
    .option('--json', 'print a JSON object')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const easel = await openEasel(flags);
  try {
    const classifier = await easel.specialize(requestOf(flags, easel));
    const { architecture, predicted, classes, note: advice } = classifier;
    const model = classifier.toOnnx();
    await classifier.dispose();
    const { resolution } = architecture;
    const measuredMs = flags.measure ? await measured(model, resolution, easel) : undefined;
    if (flags.out !== undefined) {
      const { writeFileAtomically } = await import('../../pipeline/files.js');
      await writeFileAtomically(flags.out, model);
    }
    const name = formatArchitecture(architecture);
    if (advice !== undefined) note(advice);
    if (flags.json) {
      print(JSON.stringify({ architecture: name, classes, predicted, ...(measuredMs ? { measuredMs } : {}) }));
      return;
    }
    const { latencyMs, macs, parameters, modelBytes, accuracy, accuracyInterval } = predicted;
    print(
      formatFields(`${flags.out ?? 'subnet'}: ${classes.length} classes`, [
        ['architecture', name],
        ...(latencyMs === undefined
          ? []
          : [['predicted latency', `${milliseconds(latencyMs)} on ${easel.profile?.name}`] as const]),
        ...(measuredMs === undefined
          ? []
          : [['measured latency', `${milliseconds(measuredMs)} here, threads: ${easel.threads}`] as const]),
        ...(accuracy === undefined
          ? []
          : [['predicted accuracy', `${percent(accuracy)} (${accuracyInterval?.map(percent).join(' to ')})`] as const]),
        ['MACs', shortCount(macs)],
        ['parameters', shortCount(parameters)],
        ['model', `${shortCount(modelBytes)}B`],
        ['classes', classes.join(' ')],
      ]),
    );
  } finally {
    await easel.dispose();
  }
}

async function measured(model: Uint8Array, resolution: number, { threads }: Easel): Promise<number> {
  const { measureLatencies } = await import('../../pipeline/latency.js');
  const [latency] = await measureLatencies([{ model, resolution }], { threads });
  return latency as number;
}
