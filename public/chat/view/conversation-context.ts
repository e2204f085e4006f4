/** What every message of the conversation may need, handed down by one context, so that rows need not pass it on. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Image, Member, Message } from '../../../src/chat/events.ts';
import type { Mentionable } from './markdown.ts';

/** A layer over the conversation that is about one message. `anchor` is what it stands beside. */
export type Overlay = {
  readonly message: Message;
  readonly own: boolean;
  readonly anchor: DOMRect;
} & { readonly kind: 'menu' | 'picker' | 'versions' | 'delete' };

export interface ConversationContextValue {
  readonly room: string;
  readonly me: Member | undefined;
  /** Whether the reader may write, and so reply, edit and react. */
  readonly writes: boolean;
  /** Whether the reader may remove what others wrote. */
  readonly moderates: boolean;
  /** Who may be mentioned, with `everyone`. Stays the same object while the names do. */
  readonly people: readonly Mentionable[];
  readonly open: (overlay: Overlay) => void;
  readonly openImage: (image: Image) => void;
  readonly reply: (message: Message) => void;
  readonly edit: (message: Message) => void;
}

export const ConversationContext = createContext<ConversationContextValue | undefined>(undefined);

export function useConversation(): ConversationContextValue {
  const value = useContext(ConversationContext);
  if (value === undefined) throw new Error('This component is drawn outside of ConversationContext.');
  return value;
}

/** The address of a message in this page. */
export function placeOf(message: Message): string {
  return `#/${message.room}/${message.offset}`;
}
