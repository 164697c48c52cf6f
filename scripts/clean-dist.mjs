// tsc leaves the output of deleted sources in place, and the package would ship it.
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
