import { Option } from 'commander';
import type { PublishStatusOptions } from '#app/gateway-client/publish-status.js';
import { statusEventKinds } from '#core/status-event.js';
import type { Configure } from './command.js';
import { examples, gatewayNote, toPercent } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<project>', 'Project that hears of it.')
    .requiredOption('-s, --subject <subject>', 'What it is about: a request id, a process id, a user.')
    .addOption(
      new Option('-k, --kind <kind>', 'What kind of event it is.')
        .choices([...statusEventKinds])
        .makeOptionMandatory(),
    )
    .option('-p, --percent <0-100>', 'How much is done.', toPercent)
    .option('-t, --text <text>', 'For people.')
    .option('-d, --data <json>', 'For programs: JSON, @file, or @- for standard input.')
    .option('--id <id>', 'Id of the event; the same again is ignored. Default a new UUID.')
    .addOption(
      new Option('-o, --output <form>', 'text: its id; json: what the gateway answered.')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--url <url>', 'Address of the gateway.')
    .addHelpText(
      'after',
      `
Tells a project of one event, and prints its id when the gateway has stored it. Those who follow the project hear of it:
progress of a task, its success or failure, a log message, or what a user did.
${gatewayNote}
${examples(
  'replyto publish-status citrine --subject import-7 --kind progress --percent 40 --text "row 400 of 1000"',
  'replyto publish-status citrine --subject import-7 --kind failure --text "no space left"',
  `replyto publish-status citrine --subject ada --kind user-action --data '{"page":"orders"}'`,
)}`,
    )
    .action((project: string, options: Omit<PublishStatusOptions, 'project'>) =>
      run(async (context) => {
        const { publishStatus } = await import('#app/gateway-client/publish-status.js');
        return publishStatus(context, { ...options, project });
      }),
    );
};
