import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { systemClock } from '#app/system-clock.js';
import { listenTcp } from '#adapters/stomp-server/tcp-listener.js';
import { createWaiting } from '../waiting.js';
import type { Alteration, CutAt, Fault, NetworkEvent } from './fault.js';
import type { FaultRule } from './fault-rule.js';
import type { FrameChoice } from './frame-match.js';
import type { Link } from './link.js';
import { createLink } from './link.js';
import type { FaultyNetworkOptions } from './network-options.js';
import { refuseBadNetworkOptions, refuseBadRule, refuseRulesOnBytes, toTarget } from './network-options.js';
import { createNetworkLog } from './network-log.js';
import { createRules } from './rules.js';

/**
 * A network between clients and a broker, in which what a test says goes wrong. It passes on everything as it comes,
 * heart-beats and bodies of any size, until a rule says otherwise of a frame; a rule is for the next frame that matches,
 * unless it says `nth`, `times` or `chance`. Of several rules the one that was made first has a frame.
 *
 * A subscription with `ack:client` is made at the broker as `client-individual`, and its acknowledgements are passed on
 * one by one: what is dropped or late is not acknowledged with what came after it.
 */
export interface FaultyNetwork {
  /** For clients: the broker's address with the network's port in it. */
  readonly url: string;
  readonly port: number;
  /** Give it to the next run to have the same frames chosen by chance: the n-th that match a rule. */
  readonly seed: number;
  /** Connections that are open now, on both sides. */
  readonly connections: number;
  /** Bytes that came, from both sides. */
  readonly bytes: number;
  /** What happened so far, in order; the latest 10,000. */
  readonly events: readonly NetworkEvent[];

  /** Changes nothing and remembers the frames. */
  watch(frames: FrameChoice): FaultRule;
  /**
   * They never arrive. A message from the broker stays unacknowledged, so that the broker delivers it again when the
   * connection ends. Who sent a frame with a receipt waits for it in vain, unless `confirmed`: then it gets one, as from
   * a broker that has lost what it had.
   */
  drop(frames: FrameChoice, options?: { readonly confirmed?: boolean }): FaultRule;
  /**
   * They arrive once more, or `copies` times (1 to 1,000), at once or `afterMs` milliseconds later. The sender gets one
   * receipt, the broker one acknowledgement, the last.
   */
  duplicate(
    frames: FrameChoice,
    options?: { readonly copies?: number; readonly afterMs?: number },
  ): FaultRule;
  /**
   * They arrive so many milliseconds later, or between two such numbers, by chance; others overtake them. The end of their
   * connection or transaction waits for them.
   */
  delay(frames: FrameChoice, ms: number | readonly [least: number, most: number]): FaultRule;
  /** They arrive when `release()` of the rule is called. */
  hold(frames: FrameChoice): FaultRule;
  /**
   * Each arrives behind the next one that matches, whatever connection brings that; on its own when none comes within so
   * many milliseconds, default 5,000.
   */
  swap(frames: FrameChoice, options?: { readonly withinMs?: number }): FaultRule;
  /** They arrive changed: other headers, another body, or bytes in place of the whole frame. See `poisons`. */
  alter(frames: FrameChoice, change: Alteration): FaultRule;
  /**
   * Their connection fails at this point, for both sides: before anything of the frame has arrived, in the middle of its
   * bytes, or after it, before anything else.
   */
  cutAt(frames: FrameChoice, at: CutAt): FaultRule;

  /** Every connection fails now; new ones are welcome. */
  cut(): void;
  /** New connections fail from now on, until `accept`; those that are open go on. */
  refuse(): void;
  accept(): void;
  /** What the broker says is held back from now on, until `resume`; what clients say still arrives. */
  holdAnswers(): void;
  /** What clients say is held back from now on, until `resume`; what the broker says still arrives. */
  holdCalls(): void;
  resume(): void;
  /** Removes all rules; what they keep goes on. */
  clear(): void;
  /**
   * Ends every connection and listens no more.
   *
   * @throws what a function of a rule threw meanwhile
   */
  stop(): Promise<void>;
}

/**
 * Starts a network in front of a broker, which need not be there yet.
 *
 * @throws INVALID_ARGUMENT, PORT_TAKEN
 * @example const network = await startFaultyNetwork({ broker: 'stomp://127.0.0.1:61613' });
 */
export async function startFaultyNetwork(options: FaultyNetworkOptions): Promise<FaultyNetwork> {
  refuseBadNetworkOptions(options);
  const { host = '127.0.0.1', port = 0, clock = systemClock } = options;
  const target = toTarget(options.broker);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const waiting = createWaiting();
  const log = createNetworkLog(clock, () => waiting.wake());
  const rules = createRules(seed, waiting);
  const failures: unknown[] = [];
  const links = new Set<Link>();
  let opened = 0;
  let bytes = 0;
  let isRefusing = false;
  let holds = { answers: false, calls: false };

  function open(client: Socket): void {
    opened += 1;
    const connection = opened;
    if (isRefusing) {
      client.on('error', () => undefined).resetAndDestroy();
      log.add('refused', connection);
      return;
    }
    client.setNoDelay(true);
    const broker = connect({ ...target, noDelay: true, allowHalfOpen: true });
    const link: Link = createLink({
      ...{ client, broker, rules, clock, log, connection, isStomp: target.isStomp },
      onBytes: (count) => void (bytes += count),
      onFailure: (error) => void failures.push(error),
      onGone: () => void links.delete(link),
    });
    links.add(link);
    log.add('opened', connection);
    if (holds.answers) link.holdAnswers(true);
    if (holds.calls) link.holdCalls(true);
  }

  function add(fault: Fault, frames: FrameChoice): FaultRule {
    refuseRulesOnBytes(target);
    refuseBadRule(fault, frames);
    return rules.add(fault, frames);
  }

  function hold(next: typeof holds): void {
    holds = next;
    for (const link of links) {
      link.holdAnswers(next.answers);
      link.holdCalls(next.calls);
    }
  }

  const listener = await listenTcp({
    host,
    port,
    onConnection: open,
    onError: (error) => failures.push(error),
  });
  return {
    url: target.urlAt(host, listener.port),
    port: listener.port,
    seed,
    get connections() {
      return [...links].filter(({ isOpen }) => isOpen).length;
    },
    get bytes() {
      return bytes;
    },
    get events() {
      return log.events;
    },
    watch: (frames) => add({ kind: 'watch' }, frames),
    drop: (frames, { confirmed = false } = {}) => add({ kind: 'drop', isConfirmed: confirmed }, frames),
    duplicate: (frames, { copies = 1, afterMs = 0 } = {}) =>
      add({ kind: 'duplicate', copies, afterMs }, frames),
    delay(frames, ms) {
      // Programs without types may give anything, which is refused in words.
      const [leastMs, mostMs] = (Array.isArray(ms) ? ms : [ms, ms]) as readonly [number, number];
      return add({ kind: 'delay', leastMs, mostMs }, frames);
    },
    hold: (frames) => add({ kind: 'hold' }, frames),
    swap: (frames, { withinMs = 5_000 } = {}) => add({ kind: 'swap', withinMs }, frames),
    alter: (frames, change) => add({ kind: 'alter', change }, frames),
    cutAt: (frames, at) => add({ kind: 'cut', at }, frames),
    cut() {
      for (const link of [...links]) link.cut();
    },
    refuse: () => void (isRefusing = true),
    accept: () => void (isRefusing = false),
    holdAnswers: () => hold({ ...holds, answers: true }),
    holdCalls: () => hold({ ...holds, calls: true }),
    resume: () => hold({ answers: false, calls: false }),
    clear: () => rules.clear(),
    async stop() {
      const closed = listener.close();
      isRefusing = true;
      for (const link of [...links]) link.destroy();
      waiting.end('the network was stopped');
      await closed;
      // Told once, however often it is stopped.
      const [failure] = [...rules.failures.splice(0), ...failures.splice(0)];
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- passed on as it was thrown
      if (failure !== undefined) throw failure;
    },
  };
}
