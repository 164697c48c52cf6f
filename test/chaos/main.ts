/** `npm run chaos`: see `--help`. */
import { watchSignals } from '../../bench/tools/interruption.js';
import { runCommand } from './command.js';

process.exitCode = await runCommand(process.argv.slice(2), watchSignals());
// Nothing of the run is left to wait for.
process.exit();
