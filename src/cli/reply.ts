import { Option } from 'commander';
import type { ReplyOptions } from '#app/broker-tools/reply.js';
import type { Configure } from './command.js';
import { brokerNote, examples, toCount } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<queue>', 'Queue whose requests it answers.')
    .addOption(new Option('--echo', 'Answer with what came.').conflicts('exec'))
    .option('--exec <command>', 'Shell command that answers: the body on its stdin, the reply on its stdout.')
    .option('-t, --content-type <type>', 'Content type of replies; default that of the request.')
    .option('--concurrency <number>', 'Requests answered at the same time; default 10.', toCount)
    .option('--timeout <seconds>', 'How long one run may take; default until the request expires.', toCount)
    .option('--attempts <number>', 'Runs before a request is given up; default 3.', toCount)
    .option('--broker-url <url>', 'Address of the broker.')
    .option('--prefix <prefix>', "Prefix of the gateway's own queues; default REPLYTO_PREFIX, else replyto.")
    .addHelpText(
      'after',
      `
Exit codes of the command: 0 sends its output as the reply; 64 answers with a Fault (code EXIT_64, its stderr as the
message) and is not retried; any other is an error: the request is tried again, at the end it is a dead letter.
It sees REPLYTO_QUEUE, REPLYTO_MESSAGE_ID, REPLYTO_CONTENT_TYPE, REPLYTO_ATTEMPT (1, 2, ...), REPLYTO_TIME,
REPLYTO_CORREL_ID, REPLYTO_REPLY_TO, REPLYTO_CONVERSATION_ID, REPLYTO_PROJECT, REPLYTO_DEADLINE_MS, REPLYTO_EXPIRES_AT,
REPLYTO_TRACEPARENT, and X- headers as REPLYTO_HEADER_X_NAME. When its request is cancelled or takes too long, it and
all that it started are ended. Ctrl-C finishes what runs, for up to 25 s; a second one leaves it to the broker.
${brokerNote}
${examples(
  'replyto reply my.echo --echo',
  `replyto reply text.upper --exec 'tr a-z A-Z' --content-type text/plain`,
  `replyto reply report.create --exec ./report.sh --concurrency 2 --timeout 600`,
)}`,
    )
    .action((queue: string, options: Omit<ReplyOptions, 'queue'>) =>
      run(async (context) => {
        const { reply } = await import('#app/broker-tools/reply.js');
        return reply(context, { ...options, queue });
      }),
    );
};
