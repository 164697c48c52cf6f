/** The public API of the package; everything else is internal. */
export { connectBroker } from '#app/library/connect-broker.js';
export type { Broker, ConnectBrokerOptions } from '#app/library/connect-broker.js';
export { createReplier, sendReply } from '#app/library/create-replier.js';
export type { CreateReplierOptions } from '#app/library/create-replier.js';
export { createRequestor } from '#app/library/create-requestor.js';
export type {
  CreateRequestorOptions,
  LibraryRequestor,
  Reply,
  RequestOptions,
} from '#app/library/create-requestor.js';
export { openStore } from '#app/library/open-store.js';
export { contents } from '#messaging/contents.js';
export type { Contents, ContentsOptions, ReadableBody } from '#messaging/contents.js';
export type { Handler, HandlerContext, ReceivedRequest } from '#messaging/handler-run.js';
export type { Replier } from '#messaging/replier.js';
export type { RetryPolicy } from '#messaging/retry-policy.js';
export { Fault, isFault } from '#core/fault.js';
export type { FaultBody } from '#core/fault.js';
export { errorKinds } from '#core/error-kinds.js';
export { ReplytoError, isReplytoError } from '#core/errors.js';
export type { ErrorCode, ErrorKind } from '#core/error-kinds.js';
export type { Problem } from '#core/errors.js';
export type { Destination } from '#core/destination.js';
export type { Message, MessageProperties } from '#core/message.js';
export type { ReturnAddress } from '#core/return-address.js';
export type { Logger } from '#core/ports/logger.js';
