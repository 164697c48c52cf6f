/** `npm run bench:status`: see `--help`. */
import { runCommand } from './command.js';

process.exitCode = await runCommand(process.argv.slice(2));
// Nothing of the run is left to wait for.
process.exit();
