import { AdaptiveClassifier, type AdaptiveOptions, type AdaptiveRequest } from './adaptive/index.js';
import { costRange } from './generator/index.js';
import { architectureCost } from './space/index.js';
import type { Specializer } from './specializer.js';

/** An adaptive classifier whose subnets the specializer opens and its planner chooses: see `Easel.adaptive`. */
export function openAdaptive(
  specializer: Specializer,
  request: AdaptiveRequest,
  options: AdaptiveOptions,
): Promise<AdaptiveClassifier> {
  const { planner, correction } = specializer;
  const { decisions, tables, reader } = planner;
  const latency = () => tables.get('latencyMs', reader.manifest.classes.length);
  return AdaptiveClassifier.open(
    {
      correction,
      async architectures(requests) {
        planner.assertUsable();
        return planner.architectures(requests);
      },
      predictLatency: (architecture) => architectureCost(latency(), decisions, architecture),
      latencyRange: () => costRange(decisions, latency()),
      async open(subject, architecture, onInference) {
        planner.assertUsable();
        return specializer.specialize({ ...subject, architecture }, onInference);
      },
    },
    request,
    options,
  );
}
