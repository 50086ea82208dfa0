import { cloudRun } from '../../../../clouds/gcp/cloud-run/runtime.ts';
import { describeConformance } from '../../../conformance.ts';

describeConformance(cloudRun);
