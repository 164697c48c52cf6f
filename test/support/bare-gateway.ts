import type { GatewayContext } from '#gateway/context.js';
import { createGateway } from '#gateway/gateway.js';
import type { Gateway } from '#gateway/gateway.js';
import { contextOf } from './gateway-context.js';

/** A gateway without a store and a broker. */
export interface BareGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly port: number;
}

/** To be called inside `describe`: gives what starts a gateway, which is stopped after its test. */
export function bareGateway(): (overrides?: Partial<GatewayContext>) => Promise<BareGateway> {
  const gateways: Gateway[] = [];
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop(1_000)));
  });
  return async (overrides = {}) => {
    const gateway = createGateway(contextOf(overrides), new Map());
    gateways.push(gateway);
    const { host, port } = await gateway.start();
    return { gateway, url: `http://${host}:${port}`, port };
  };
}
