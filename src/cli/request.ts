import { Option } from 'commander';
import type { AskOptions } from '#app/gateway-client/ask.js';
import type { Configure } from './command.js';
import { collect, examples, gatewayNote, toCount, toPriority, toSeconds } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<queues...>', 'Queue of the service; of several, 2 to 50, the replies are gathered.')
    .option('--expect <n>', 'So many replies of several queues are enough; default one of each.', toCount)
    .option('--stall <ms>', 'Gather no more when none has come for so long after the last one.', toCount)
    .option('--total <ms>', 'Gather no more after so long; default when the requests expire.', toCount)
    .option(
      '-d, --data <text>',
      'Body: text, @file, or @- for standard input; default what is piped in, else nothing.',
    )
    .option(
      '-t, --content-type <type>',
      'Of the body; default application/json when it is JSON, else text/plain.',
    )
    .option(
      '-w, --wait <seconds>',
      'How long to wait for the reply; default as long as the gateway allows.',
      toSeconds,
    )
    .addOption(new Option('-a, --async', 'Do not wait; print the status document.').conflicts('wait'))
    .option(
      '-r, --reply-to <queue>',
      "Queue that gets the reply too, or 'none'; then waits only with --wait.",
    )
    .option('--message-id <id>', 'Id of the request; the same again joins the first one. Default a new UUID.')
    .option('--correl-id <id>', 'Conversation that it belongs to; carried on.')
    .option('--project <name>', 'Project whose status topic hears of it.')
    .option('--timeout <seconds>', 'When it expires without a reply; default as the route says.', toCount)
    .option('--priority <0-9>', 'Priority at the broker; default 4.', toPriority)
    .option('-H, --header <header>', "Further header, 'X-Name: value'; may be given several times.", collect)
    .addOption(
      new Option(
        '-o, --output <form>',
        'body: the reply as it came; json: status, headers as fields, and body.',
      )
        .choices(['body', 'json'])
        .default('body'),
    )
    .option('--url <url>', 'Address of the gateway.')
    .addHelpText(
      'after',
      `
Prints the reply. Without one within the wait it prints the status document and how to come back on stderr, and ends
with exit code 7: the request goes on. A Fault of the service ends with 4, an expired request with 5.
${gatewayNote}
${examples(
  `replyto request demo.echo --data '{"say":"hello"}'`,
  'replyto request demo.slow --data @task.json --wait 30 -o json',
  `replyto request prices.one prices.two prices.three --data '{"sku":7}' --expect 2 --total 5000`,
  `replyto request orion.workflow.create --data '{}' --reply-to "Reply Queue"`,
  'date | replyto request demo.echo',
)}`,
    )
    .action((queues: readonly string[], options: Omit<AskOptions, 'queues'>) =>
      run(async (context) => {
        const { ask } = await import('#app/gateway-client/ask.js');
        return ask(context, { ...options, queues });
      }),
    );
};
