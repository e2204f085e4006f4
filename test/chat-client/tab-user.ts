/** A user of a shared connection in one tab, for the tests of tabs: what it hears, and that it hears nothing twice. */
import type { Connector } from '../../src/chat-client/connector.ts';
import type { Link } from '../../src/chat-client/link.ts';
import type { ConnectionState } from '../../src/chat-client/state.ts';
import { createSharedConnector } from '../../src/chat-client/tabs.ts';
import type { TransportName } from '../../src/transports/channel.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeServer } from './fake-server.ts';
import { FakeTab, FakeTabs } from './fake-tabs.ts';

/** A small store: has a cursor, wants each event once, and sends what it has to say until it is acknowledged. */
export class User {
  readonly tab: FakeTab;
  readonly connector: Connector;
  readonly heard: string[] = [];
  readonly offsets: number[] = [];
  readonly states: ConnectionState[] = [];
  readonly leading: boolean[] = [];
  readonly outbox = new Map<string, string>();
  ticks = 0;
  link: Link | undefined;
  #cursor: { readonly epoch: string; readonly offset: number } | undefined;

  constructor(tab: FakeTab) {
    this.tab = tab;
    this.connector = createSharedConnector(tab, {
      ready: (link, _, { entered }) => {
        this.link = link;
        this.heard.push(`ready${entered ? ' entered' : ''}`);
        this.#enter(link, entered);
      },
      push: (push) => {
        if (push.event === 'room:event') this.#take(push.data.event.offset);
        else this.heard.push(push.event);
      },
      lost: (code) => {
        this.link = undefined;
        this.heard.push(`lost ${code}`);
      },
      changed: (state) => this.states.push(state),
      tick: () => {
        this.ticks += 1;
      },
    });
    this.connector.onLeader((isLeader) => this.leading.push(isLeader));
    this.connector.start();
  }

  get state(): ConnectionState | undefined {
    return this.states.at(-1);
  }

  take(): string[] {
    return this.heard.splice(0);
  }

  say(text: string) {
    const nonce = `nonce-${text.replaceAll(' ', '-')}`;
    this.outbox.set(nonce, text);
    if (this.link !== undefined && this.#cursor !== undefined) this.#send(this.link, nonce);
  }

  #enter(link: Link, entered: boolean) {
    const since = this.#cursor === undefined ? {} : { since: this.#cursor };
    link.request(entered ? 'session:state' : 'session:resume', since, (outcome) => {
      if (this.link !== link) return;
      this.heard.push(`entrance ${outcome.status}`);
      if (outcome.status !== 'ok') return;
      if (this.#cursor !== undefined && !outcome.data.recovered) throw new Error('not recovered');
      for (const { offset } of outcome.data.events) this.#take(offset);
      this.#cursor = outcome.data.cursor;
      this.connector.letIn();
      for (const nonce of this.outbox.keys()) this.#send(link, nonce);
    });
  }

  #send(link: Link, nonce: string) {
    const text = this.outbox.get(nonce);
    if (text === undefined) return;
    link.request('message:send', { nonce, content: { type: 'text', text } }, (outcome) => {
      if (outcome.status === 'ok') this.outbox.delete(nonce);
    });
  }

  #take(offset: number) {
    if (this.offsets.includes(offset)) throw new Error(`event ${offset} was told twice`);
    this.offsets.push(offset);
    this.#cursor = { epoch: 'epoch-1', offset };
  }
}

export interface Browser {
  readonly clock: FakeClock;
  readonly server: FakeServer;
  readonly tabs: FakeTabs;
  /** Opens another tab, with transports or by WebSocket. */
  open(...names: TransportName[]): User;
  /** Lets milliseconds go by, and promises settle in each. */
  pass(milliseconds: number): Promise<void>;
}

/** A browser without tabs. */
export function openBrowser(): Browser {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const tabs = new FakeTabs(clock);
  const open = (...names: TransportName[]) =>
    new User(new FakeTab(tabs, server, ...(names.length === 0 ? (['websocket'] as const) : names)));
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 1) {
      clock.advance(1);
      for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
    }
  };
  return { clock, server, tabs, open, pass };
}
