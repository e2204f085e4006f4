/**
 * Requests that panels make themselves: rooms, devices, search, moderation. What an answer says of the page's own state
 * is put there at once, without waiting for the server to tell it to everybody.
 */
import type { RequestInput, RequestName, RoomSummary } from '../../src/chat/events.ts';
import type { Link, Outcome } from '../../src/chat-client/link.ts';
import type { Answer } from './model.ts';
import type { Members } from './people.ts';
import { findRoom } from './rooms.ts';
import type { StoreCell } from './state.ts';

export interface PanelDependencies {
  readonly cell: StoreCell;
  link(): Link | undefined;
  now(): number;
  summary(summary: RoomSummary): void;
  setMembers(room: string, change: (members: Members) => Members): void;
  /** The server does not know this connection's member any more. */
  signedOut(): void;
}

export type Ask = <Name extends RequestName>(event: Name, data: RequestInput<Name>) => Promise<Answer<Name>>;

export function createAsk(dependencies: PanelDependencies): Ask {
  const { cell } = dependencies;

  /** What the request and its answer mean for what is shown. */
  function learn(request: Outgone, reply: unknown) {
    const { data } = request;
    switch (request.event) {
      case 'room:create':
      case 'room:join':
      case 'room:direct':
      case 'room:accept':
        if (hasRoom(reply)) dependencies.summary(reply.room);
        return;
      case 'room:mute': {
        const room = findRoom(cell.get().rooms, request.data.room);
        if (room !== undefined) dependencies.summary({ ...room, muted: request.data.muted });
        return;
      }
      case 'moderation:mute':
      case 'moderation:unmute': {
        const { room, member: id } = request.data;
        const seconds = 'seconds' in data ? data.seconds : undefined;
        // For ever is as far as a clock can say.
        const until = dependencies.now() + (seconds ?? 10 * 365 * 24 * 3600) * 1000;
        const isMuted = request.event === 'moderation:mute';
        dependencies.setMembers(room, (members) =>
          members.map((member) => {
            if (member.id !== id) return member;
            const { mutedUntil: _before, ...others } = member;
            return isMuted ? { ...others, mutedUntil: until } : others;
          }),
        );
        return;
      }
      case 'session:password':
        return cell.update({ hasPassword: request.data.password !== '' });
      case 'session:claim':
        return cell.update({ owner: true });
      default:
        return;
    }
  }

  return (event, data) =>
    new Promise((resolve) => {
      const link = dependencies.link();
      if (link === undefined) return resolve({ status: 'offline' });
      link.request(event, data, (outcome: Outcome<typeof event>) => {
        if (outcome.status === 'lost') return resolve({ status: 'offline' });
        // The two belong together, as `request` has one type parameter for both; the compiler cannot follow that.
        if (outcome.status === 'ok') cell.batch(() => learn({ event, data } as Outgone, outcome.data));
        else if (outcome.failure.code === 'signed-out') dependencies.signedOut();
        resolve(outcome);
      });
    });
}

type Outgone = {
  [Name in RequestName]: { readonly event: Name; readonly data: RequestInput<Name> };
}[RequestName];

function hasRoom(reply: unknown): reply is { readonly room: RoomSummary } {
  return typeof reply === 'object' && reply !== null && 'room' in reply && reply.room !== undefined;
}
