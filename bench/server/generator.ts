/**
 * The generator: a process of its own that puts load on one server after another, as its driver tells it over the IPC
 * channel, and answers with what it counted. It ends when the channel does.
 */
import * as v from 'valibot';
import { HandshakeSession } from './handshake-session.ts';
import { LatencySession } from './latency-session.ts';
import { EchoSession, FanoutSession, IdleSession, type Session } from './sessions.ts';
import { type Answer, type Request, requestSchema, type Target, type Workload } from './workload.ts';

const sessions = new Map<string, Session>();

function create(target: Target, workload: Workload): Session {
  switch (workload.kind) {
    case 'echo':
      return new EchoSession(target, workload);
    case 'latency':
      return new LatencySession(target, workload);
    case 'fanout':
      return new FanoutSession(target, workload);
    case 'handshake':
      return new HandshakeSession(target, workload);
    case 'idle':
      return new IdleSession(target, workload);
  }
}

function sessionOf(name: string): Session {
  const session = sessions.get(name);
  if (session === undefined) throw new Error(`${name} is not open.`);
  return session;
}

async function serve(request: Request): Promise<Omit<Answer, 'id'>> {
  switch (request.do) {
    case 'open': {
      const session = create(request.target, request.workload);
      sessions.set(request.target.name, session);
      return { figures: {}, extensions: await session.open() };
    }
    case 'check':
      return { figures: await sessionOf(request.name).round({ milliseconds: 0, minimum: 0, full: true }) };
    case 'round': {
      const { milliseconds, minimum, rate } = request;
      return { figures: await sessionOf(request.name).round({ milliseconds, minimum, full: false, rate }) };
    }
    case 'close':
      sessions.get(request.name)?.close();
      sessions.delete(request.name);
      return { figures: {} };
  }
}

process.on('message', (message) => {
  const request = v.parse(requestSchema, message);
  serve(request).then(
    (answer) => process.send?.({ id: request.id, ...answer }),
    (error: unknown) => {
      const sentence = error instanceof Error ? error.message : String(error);
      process.send?.({ id: request.id, figures: {}, error: sentence });
    },
  );
});
process.on('disconnect', () => process.exit(0));
