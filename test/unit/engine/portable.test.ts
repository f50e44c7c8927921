import { portable } from '@easel/exporter/engine';
import { describeConformance } from './conformance.js';

describeConformance(portable);
