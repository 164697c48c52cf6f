import type { SendOptions } from '#app/broker-tools/send.js';
import type { Configure } from './command.js';
import { brokerNote, collect, examples, toPriority } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<queue>', 'Queue to send to.')
    .option(
      '-d, --data <text>',
      'Body: text, @file, or @- for standard input; default what is piped in, else nothing.',
    )
    .option(
      '-t, --content-type <type>',
      'Of the body; default application/json when it is JSON, else text/plain.',
    )
    .option('--message-id <id>', 'Default a new UUID.')
    .option('--correl-id <id>', 'Message that it belongs to, as in a reply.')
    .option('-r, --reply-to <queue>', 'Queue for an answer.')
    .option('--project <name>', 'Project that it belongs to.')
    .option('--priority <0-9>', 'Priority at the broker; default 4.', toPriority)
    .option('-H, --header <header>', "Further header, 'X-Name: value'; may be given several times.", collect)
    .option('--broker-url <url>', 'Address of the broker.')
    .option('--prefix <prefix>', "Prefix of the gateway's own queues; default REPLYTO_PREFIX, else replyto.")
    .addHelpText(
      'after',
      `
Sends one message, persistently, and prints its id when the broker has confirmed it. Nobody waits for an answer.
${brokerNote}
${examples(
  `replyto send audit.log --data '{"user":"ada"}'`,
  'replyto send images.resize --data @photo.png --content-type image/png -H "X-Width: 200"',
)}`,
    )
    .action((queue: string, options: Omit<SendOptions, 'queue'>) =>
      run(async (context) => {
        const { send } = await import('#app/broker-tools/send.js');
        return send(context, { ...options, queue });
      }),
    );
};
