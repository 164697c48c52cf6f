import { Option } from 'commander';
import type { ConsumeOptions } from '#app/broker-tools/consume.js';
import type { Configure } from './command.js';
import { brokerNote, examples, toCount, toSeconds } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<queue>', 'Queue to read.')
    .option('-n, --count <number>', 'End after so many messages.', toCount)
    .option(
      '-w, --wait <seconds>',
      'End when none came for so long; exit code 3 when none came at all.',
      toSeconds,
    )
    .addOption(
      new Option('-f, --follow', 'Go on until Ctrl-C; the default without --count and --wait.').conflicts([
        'count',
        'wait',
      ]),
    )
    .addOption(
      new Option('-o, --output <form>', 'text: headers as a block, and the body; json: one object per line.')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--broker-url <url>', 'Address of the broker.')
    .option('--prefix <prefix>', "Prefix of the gateway's own queues; default REPLYTO_PREFIX, else replyto.")
    .addHelpText(
      'after',
      `
Takes messages off the queue: each is acknowledged when it was printed. With -o json each line has messageId, correlId,
replyTo, time, contentType, headers, and body or bodyBase64.
${brokerNote}
${examples(
  'replyto consume "Reply Queue"',
  'replyto consume "Reply Queue" --count 1 --wait 10',
  'replyto consume "Reply Queue" -o json | jq .body',
)}`,
    )
    .action((queue: string, options: Omit<ConsumeOptions, 'queue'>) =>
      run(async (context) => {
        const { consume } = await import('#app/broker-tools/consume.js');
        return consume(context, { ...options, queue });
      }),
    );
};
