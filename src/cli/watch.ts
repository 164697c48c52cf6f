import { Option } from 'commander';
import type { WatchOptions } from '#app/watch/watch.js';
import { statusEventKinds } from '#core/status-event.js';
import type { Configure } from './command.js';
import { examples, gatewayNote, toEventKinds, toEventNumber } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<name>', 'Id of a request, else name of a project.')
    .option('--after <number>', 'Begin behind this event; 0: with the first that is kept.', toEventNumber)
    .addOption(
      new Option('-k, --kind <kind>', 'Only events of this kind; may be given several times.')
        .choices([...statusEventKinds])
        .argParser(toEventKinds),
    )
    .option('-s, --subject <subject>', 'Of a project: only events about this.')
    .addOption(new Option('--project', 'The name is that of a project.').conflicts('request'))
    .option('--request', 'The name is the id of a request.')
    .option('--json', 'Lines of JSON, on a terminal too.')
    .option('--no-color', 'No colours; so does NO_COLOR.')
    .option('--url <url>', 'Address of the gateway.')
    .addHelpText(
      'after',
      `
On a terminal: one line for each task with its bar, percent, text and time, as many as fit. Piped: each event as a line of
JSON, and {"gap":{"from":1,"to":9}} for events that are no longer kept. A gateway that goes away meanwhile is waited for;
nothing is lost or told twice. A task is over with success or failure, not at 100 percent.
A request is followed from its first event to its end, which gives the exit code: 0 replied, 4 a Fault, 5 expired, 6
cancelled. A project is followed from now on, until Ctrl-C. Where both have the name it is the request; --project says
otherwise.
${gatewayNote}
${examples(
  'replyto watch citrine',
  'replyto watch citrine --after 0 --kind failure | jq .text',
  'replyto watch 0199b0c4-1f00-7000-8000-000000000000',
)}`,
    )
    .action((name: string, options: WatchOptions) =>
      run(async (context) => {
        const { watch } = await import('#app/watch/watch.js');
        return watch(context, name, options);
      }),
    );
};
