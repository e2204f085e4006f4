/** A room's sign and name, as sidebar, head and jump dialog draw them. */
import type { JSX } from 'preact';
import type { RoomSummary } from '../../../src/chat/events.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icons.tsx';

/** A hash, a lock, or the other person's face. */
export function RoomSign({ room }: { readonly room: RoomSummary | undefined }): JSX.Element {
  if (room?.kind === 'direct') return <Avatar name={room.name} size={20} />;
  return room?.kind === 'private' ? (
    <span class="hash lock">
      <Icon name="lock" size={16} />
    </span>
  ) : (
    <span class="hash" aria-hidden="true">
      #
    </span>
  );
}
