import { ecsExpress } from '../../../../clouds/aws/ecs-express/runtime.ts';
import { describeConformance } from '../../../conformance.ts';

describeConformance(ecsExpress);
