/** What a program and a process that it started say to each other, over the channel between the two. */
import { wordsOf } from './words.js';

export interface Call {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Answer =
  { readonly number: number; readonly value: unknown } | { readonly number: number; readonly error: string };

/** What a process can be asked to do, by name: one argument each, and a promise. */
export type CallTable<Calls> = { readonly [Name in keyof Calls]: (argument: never) => Promise<unknown> };

/** Answers the calls of the program that started this process; ends it when that program is gone. */
export function answerCalls<Calls extends CallTable<Calls>>(calls: Calls): void {
  const answer = async ({ number, name, argument }: Call): Promise<Answer> => {
    try {
      return { number, value: await calls[name as keyof Calls](argument as never) };
    } catch (error) {
      return { number, error: wordsOf(error) };
    }
  };
  // What is told to a program that is just ending is told to nobody.
  const tell = (message: Answer | 'ready'): void => {
    if (process.connected) process.send?.(message, () => undefined);
  };
  process.on('message', (call: Call) => {
    void answer(call).then(tell);
  });
  process.on('disconnect', () => process.exit(0));
  if (!process.connected) process.exit(0);
  tell('ready');
}
