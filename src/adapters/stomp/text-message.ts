import type { Logger } from '#core/ports/logger.js';

/**
 * For a broker whose WebSocket carries text alone. It turns bytes that are no UTF-8 into replacement characters, three
 * bytes each, and announces the length that the body had before. Those bytes are lost, and the log says so; but the
 * parser must not take the end of such a body for the next frame, or it loses the message that follows too.
 */
export function createTextRepair(logger: Logger, endpoint: string): (message: Buffer) => Buffer {
  let isTold = false;
  return (message) => {
    const repaired = withTrueLength(message);
    if (repaired === undefined) return message;
    if (!isTold) {
      const sentence =
        'a body of bytes came damaged: the WebSocket of this broker carries text alone, use stomp://';
      logger.warn({ endpoint }, sentence);
    }
    isTold = true;
    return repaired;
  };
}

const lengthLine = /^content-length:(?<bytes>.*)$/mu;

/** The frame with the length that its body has; nothing when it announces that. */
function withTrueLength(frame: Buffer): Buffer | undefined {
  const headEnd = frame.indexOf('\n\n');
  if (headEnd < 0) return undefined;
  // latin1 gives every byte back as it was.
  const head = frame.toString('latin1', 0, headEnd);
  const announced = lengthLine.exec(head)?.groups?.['bytes'];
  const length = frame.lastIndexOf(0) - headEnd - 2;
  if (announced === undefined || length < 0 || Number(announced) === length) return undefined;
  const corrected = head.replace(lengthLine, `content-length:${length}`);
  return Buffer.concat([Buffer.from(corrected, 'latin1'), frame.subarray(headEnd)]);
}
