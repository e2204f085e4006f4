/**
 * The page's address and what it asks for: which room is shown, an invitation to take, the owner's code to claim. The
 * room that is shown is always in the address, so that going back, a bookmark and a copied link work; codes are taken
 * out of it at once, as they are nobody else's business.
 */
import type { Failure, RoomSummary } from '../../src/chat/events.ts';
import type { Link } from '../../src/chat-client/link.ts';
import { parseAddress, roomAddress } from './address.ts';
import type { Environment } from './platform.ts';
import type { StoreCell, Toaster } from './state.ts';

export interface NavigationDependencies {
  readonly environment: Environment;
  readonly cell: StoreCell;
  readonly toaster: Toaster;
  show(room: string, around?: number): void;
  /** The server says how a room is. */
  summary(summary: RoomSummary): void;
}

export interface Navigation {
  /** Goes to what the address says. */
  start(): void;
  /** Shows a room, as one more step to come back from. */
  go(room: string, around?: number): void;
  /** Another room is shown in place of one that is no more. */
  moved(room: string): void;
  /** The person is in: takes what the address offered. `fresh`: they just signed in, with the invitation if there is one. */
  entered(link: Link, fresh: boolean): void;
  lost(): void;
  dispose(): void;
}

export function createNavigation(dependencies: NavigationDependencies): Navigation {
  const { environment, cell, toaster } = dependencies;
  let link: Link | undefined;
  let claim: string | undefined;
  const endAddress = environment.onAddress(follow);

  function follow() {
    const address = parseAddress(environment.address());
    switch (address.kind) {
      case 'room':
        return dependencies.show(address.room, address.offset);
      case 'invite':
        cell.update({ invitation: address.code });
        tidy();
        return take(false);
      case 'claim':
        claim = address.code;
        tidy();
        return take(false);
      case 'none':
        return tidy();
    }
  }

  function tidy() {
    environment.replaceAddress(roomAddress(cell.get().conversation.room));
  }

  function go(room: string, around?: number) {
    const address = roomAddress(room, around);
    if (environment.address() !== address) environment.pushAddress(address);
    dependencies.show(room, around);
  }

  function take(quietly: boolean) {
    const current = link;
    if (current === undefined) return;
    const { invitation } = cell.get();
    if (invitation !== undefined) accept(current, invitation, quietly);
    if (claim === undefined) return;
    const code = claim;
    claim = undefined;
    current.request('session:claim', { code }, (outcome) => {
      if (outcome.status === 'ok') cell.update({ owner: true });
      else if (outcome.status === 'refused') refuse(outcome.failure);
      else claim = code;
    });
  }

  /** @param quietly it was used to sign in already, and may have been good for once only */
  function accept(current: Link, code: string, quietly: boolean) {
    current.request('room:accept', { code, nonce: environment.nonce() }, (outcome) => {
      // Over the next connection it is tried again.
      if (outcome.status === 'lost') return;
      cell.update({ invitation: undefined });
      if (outcome.status === 'ok') {
        const { room } = outcome.data;
        if (room === undefined) return;
        dependencies.summary(room);
        go(room.id);
      } else if (!quietly) {
        refuse(outcome.failure);
      }
    });
  }

  function refuse(failure: Failure) {
    toaster.show({ id: 'refused', failure });
  }

  return {
    start: follow,
    go,
    moved: (room) => environment.replaceAddress(roomAddress(room)),
    entered(next, fresh) {
      link = next;
      const { invitation, rooms } = cell.get();
      const invited = rooms.filter(({ id, kind }) => kind !== 'direct' && id !== 'general');
      const [only] = invited;
      // Who was invited to one room and has just come in wants to see that one.
      if (fresh && invitation !== undefined && only !== undefined && invited.length === 1) go(only.id);
      take(fresh);
    },
    lost() {
      link = undefined;
    },
    dispose: endAddress,
  };
}
