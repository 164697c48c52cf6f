// The gateway makes this script from its own words when it starts: see assets.ts.
import type { RequestState } from '../../core/request.js';
import type { StatusEventKind } from '../../core/status-event.js';

export declare const requestStates: readonly RequestState[];
export declare const finalStates: readonly RequestState[];
/** The kind of the event by which the gateway tells of a state. */
export declare const kindsOfStates: Readonly<Record<RequestState, StatusEventKind>>;
export declare const eventKinds: readonly StatusEventKind[];
