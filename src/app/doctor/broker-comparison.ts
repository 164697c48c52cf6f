import { isSameBrokerAddress } from '../configuration/broker-address.js';
import type { RunningGateway } from '../running-gateway.js';
import { isEmbeddedBroker } from '../running-gateway.js';
import type { Finding } from './finding.js';

/** The broker that the doctor's own settings mean. */
export interface OwnBroker {
  /** As `brokerAddress` writes it. */
  readonly url: string;
  /** The one that a gateway of these settings would bring along. */
  readonly isEmbedded: boolean;
  /** What answers there calls itself so; undefined when nothing does. */
  readonly name: string | undefined;
  /** Flag, variable or file; undefined when nobody named one. */
  readonly namedBy: string | undefined;
}

/**
 * Says when a running gateway uses another broker than the settings here, which are those of this terminal.
 * Undefined when both may be the same.
 */
export function compareBrokers(running: RunningGateway, own: OwnBroker): Finding | undefined {
  const { brokerName, brokerUrl } = running;
  const isElsewhere = brokerUrl !== undefined && !isSameBrokerAddress(brokerUrl, own.url);
  if (!isElsewhere && !isOtherName(brokerName, own)) return undefined;
  const theirs = inWords(brokerName ?? undefined, brokerUrl);
  const ours = inWords(own.isEmbedded ? 'the embedded one' : own.name, own.url);
  const named = own.namedBy === undefined ? 'without a setting it would be' : `${own.namedBy} names`;
  const says = `its broker is ${theirs}, but ${named} ${ours}: what is said of broker and prefix is about the latter`;
  return { check: 'gateway', state: 'note', says };
}

function isOtherName(theirs: string | null, { isEmbedded, name }: OwnBroker): boolean {
  if (theirs === null) return false;
  return isEmbedded ? !isEmbeddedBroker(theirs) : name !== undefined && name !== theirs;
}

function inWords(name: string | undefined, url: string | undefined): string {
  return name !== undefined && url !== undefined ? `${name} at ${url}` : (name ?? url ?? 'unknown');
}
