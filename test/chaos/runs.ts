/** What services write down of their work: a line for each run of a handler. */
export interface Run {
  readonly queue: string;
  /** Of the request. */
  readonly messageId: string;
}

export function runLine({ queue, messageId }: Run): string {
  return `${queue} ${messageId}\n`;
}

export function readRuns(text: string): Run[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [queue = '', messageId = ''] = line.split(' ');
      return { queue, messageId };
    });
}
