import { appRunner } from '../../../../clouds/aws/app-runner/runtime.ts';
import { describeConformance } from '../../../conformance.ts';

describeConformance(appRunner);
