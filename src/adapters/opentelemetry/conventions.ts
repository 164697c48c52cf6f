/**
 * Names of OpenTelemetry's semantic conventions, version 1.45, as far as they are used: those of messaging are still in
 * development and change, so they stand here and nowhere else.
 * https://opentelemetry.io/docs/specs/semconv/messaging/ and https://opentelemetry.io/docs/specs/semconv/http/
 */
export const attribute = {
  /** Renamed to the one below it in 1.45; both are told, because tools know the one or the other. */
  messagingSystem: 'messaging.system',
  messagingSystemName: 'messaging.system.name',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destinationName: 'messaging.destination.name',
  destinationTemplate: 'messaging.destination.template',
  destinationAnonymous: 'messaging.destination.anonymous',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  bodySize: 'messaging.message.body.size',
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlPath: 'url.path',
  urlScheme: 'url.scheme',
  protocolVersion: 'network.protocol.version',
  errorType: 'error.type',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  serviceInstance: 'service.instance.id',
} as const;

export const metric = {
  operationDuration: 'messaging.client.operation.duration',
  sentMessages: 'messaging.client.sent.messages',
  consumedMessages: 'messaging.client.consumed.messages',
  processDuration: 'messaging.process.duration',
  serverDuration: 'http.server.request.duration',
} as const;

/** As the conventions advise for durations, in seconds. */
export const durationBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
