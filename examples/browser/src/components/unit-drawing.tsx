import { useWidth } from '../hooks.js';

export interface BlockShape {
  readonly kernel: number;
  readonly expandRatio: number;
  /** 1: kept, 0: dropped; between them while it moves. */
  readonly present: number;
}

interface Unit {
  readonly channels: number;
  readonly inputChannels: number;
  /** Of its output, in px. */
  readonly size: number;
  readonly blocks: readonly BlockShape[];
}

const height = 132;
const middle = 62;

/** Half the height of a tensor with this many channels. */
const halfHeight = (channels: number) => 3.4 + 0.95 * Math.sqrt(channels);

export function UnitDrawing({ index, unit, largestKernel }: { index: number; unit: Unit; largestKernel: number }) {
  const [ref, width] = useWidth<HTMLElement>(220);
  const slot = width / unit.blocks.length;
  const kept = unit.blocks.filter(({ present }) => present > 0.5);
  const said = kept.map(
    ({ kernel, expandRatio }) => `${kernel} × ${kernel} kernel expanded ${Math.round(expandRatio)} times`,
  );
  return (
    <figure class="unit" ref={ref} style={{ '--hue': `var(--unit-${index % 4})` }}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={`Unit ${index + 1}: ${kept.length} of ${unit.blocks.length} blocks: ${said.join('; ')}`}
      >
        <line class="wire" x1={0} x2={width} y1={middle} y2={middle} />
        {unit.blocks.map((block, b) => (
          <Block
            key={b}
            block={block}
            x={b * slot}
            width={slot}
            input={halfHeight(b === 0 ? unit.inputChannels : unit.channels)}
            output={halfHeight(unit.channels)}
            residual={b > 0}
            largestKernel={largestKernel}
          />
        ))}
      </svg>
      <figcaption>
        {unit.channels} channels{' '}
        <span>
          {unit.size} × {unit.size} px
        </span>
      </figcaption>
    </figure>
  );
}

interface BlockProps {
  block: BlockShape;
  x: number;
  width: number;
  input: number;
  output: number;
  residual: boolean;
  largestKernel: number;
}

function Block({ block, x, width, input, output, residual, largestKernel }: BlockProps) {
  const { kernel, expandRatio, present } = block;
  const [left, right] = [x + 3, x + width - 3];
  const slope = Math.min(13, width / 5);
  const expanded = Math.min(50, input * (0.72 + 0.36 * expandRatio)) * present;
  const [start, end] = [input * present, output * present];
  const outline = [
    [left, middle - start],
    [left + slope, middle - expanded],
    [right - slope, middle - expanded],
    [right, middle - end],
    [right, middle + end],
    [right - slope, middle + expanded],
    [left + slope, middle + expanded],
    [left, middle + start],
  ];
  const centre = (left + right) / 2;
  const gap = Math.min(6.4, (right - left - 2 * slope - 6) / largestKernel);
  return (
    <g>
      <rect
        class="dropped"
        x={left}
        y={middle - input * 0.8}
        width={right - left}
        height={1.6 * input}
        rx={5}
        style={{ opacity: 1 - present }}
      />
      <g style={{ opacity: present }}>
        {residual && (
          <path
            class="residual"
            d={`M${left} ${middle - start} C${left} ${middle - 66} ${right} ${middle - 66} ${right} ${middle - end}`}
          />
        )}
        <polygon class="block" points={outline.map((point) => point.join()).join(' ')} />
        {Array.from({ length: kernel * kernel }, (_, i) => (
          <circle
            key={i}
            class="tap"
            cx={centre + ((i % kernel) - (kernel - 1) / 2) * gap}
            cy={middle + (Math.floor(i / kernel) - (kernel - 1) / 2) * gap}
            r={Math.max(0.8, 0.27 * gap)}
          />
        ))}
        <text x={centre} y={height - 6}>
          {kernel}×{kernel} <tspan class="ratio">×{Math.round(expandRatio)}</tspan>
        </text>
      </g>
    </g>
  );
}
