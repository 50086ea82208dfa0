// Run by npm before it packs: makes dist/ from src/ and from what the service says of itself.
import { fileURLToPath } from 'node:url';
import { buildPackage } from './package.ts';
import { startService } from './service.ts';

const service = await startService();
try {
  await buildPackage(service.url, fileURLToPath(new URL('../dist', import.meta.url)));
} finally {
  await service.stop();
}
