import { appService } from '../../../../clouds/azure/app-service/runtime.ts';
import { describeConformance } from '../../../conformance.ts';

describeConformance(appService);
