/**
 * Notifications of the system, for messages that come while nobody looks at the page: which ones, by the settings, and
 * the one way to ask for the permission. useNotifications stands in the app; a click leads to the room and the message.
 * What is worth one is decided here, purely; the store tells of arrivals in rooms that are not muted.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Arrival, ChatStore } from '../model.ts';
import type { NotificationChoice } from '../settings.ts';
import type { Texts } from '../texts.ts';
import { usePage } from './page.ts';

/** What the browser says; `unsupported` where it has none to give. */
export type Permission = 'default' | 'granted' | 'denied' | 'unsupported';

export function permissionNow(): Permission {
  return 'Notification' in window && window.isSecureContext ? Notification.permission : 'unsupported';
}

/** Asks the person, by the browser's own dialog. Only on a press of theirs. Never rejects. */
export async function askPermission(): Promise<Permission> {
  if (permissionNow() !== 'default') return permissionNow();
  try {
    return await Notification.requestPermission();
  } catch {
    return permissionNow();
  }
}

/** Whether an arrival is worth a notification. A direct message is meant for one, as a mention is. */
export function isWorthy(arrival: Arrival, choice: NotificationChoice): boolean {
  if (choice === 'off' || arrival.room.muted) return false;
  return choice === 'all' || arrival.mentioned || arrival.room.kind === 'direct';
}

/** Milliseconds that a tab waits for word of another one that is being looked at. */
const tabPatience = 250;

/** Signs of a message that a notification shows. */
const bodyLength = 200;

/** What a notification says. */
export function notificationOf(texts: Texts, { room, message }: Arrival): { title: string; body: string } {
  const { content } = message;
  const text = content.type === 'text' ? content.text : texts.notifications.image;
  const signs = [...text.replace(/\s+/gu, ' ').trim()];
  return {
    title: texts.notifications.title(message.author.name, room.kind === 'direct' ? '' : `#${room.name}`),
    body: signs.length <= bodyLength ? signs.join('') : `${signs.slice(0, bodyLength - 1).join('')}…`,
  };
}

/** Whether the page is before the person's eyes. */
function isLookedAt(): boolean {
  return !document.hidden && document.hasFocus();
}

/**
 * Shows notifications for as long as it is drawn. @returns whether to offer them now: somebody was mentioned while they
 * were away, has not been asked yet, and could say yes; and what to do with the answer
 */
export function useNotifications(onArrival: ChatStore['onArrival']): {
  readonly offering: boolean;
  readonly answer: (yes: boolean) => void;
} {
  const { texts, actions, settings, settingsState } = usePage();
  const [offering, setOffering] = useState(false);
  const latest = useRef({ texts, settingsState });
  latest.current = { texts, settingsState };

  useEffect(() => {
    const shown = new Set<Notification>();
    const show = (arrival: Arrival): void => {
      const { title, body } = notificationOf(latest.current.texts, arrival);
      try {
        // One for each room: a newer one takes the place of the older, in every tab.
        const notification = new Notification(title, {
          body,
          tag: `barewire ${arrival.room.id}`,
          icon: '/icons/icon-192.png',
          lang: latest.current.texts.tag,
        });
        shown.add(notification);
        notification.onclick = () => {
          window.focus();
          actions.openRoom(arrival.room.id, arrival.message.offset);
          notification.close();
        };
        notification.onclose = () => shown.delete(notification);
      } catch {
        // Android lets only a service worker show them.
        void navigator.serviceWorker?.ready.then((worker) =>
          worker.showNotification(title, {
            body,
            tag: `barewire ${arrival.room.id}`,
            icon: '/icons/icon-192.png',
            data: { room: arrival.room.id, offset: arrival.message.offset },
          }),
        );
      }
    };
    /** Ids of messages that came in before somebody's eyes in another tab. */
    const seen = new Set<string>();
    const tabs = new BroadcastChannel('barewire notifications');
    tabs.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data !== 'string') return;
      // Those that came too late to matter.
      if (seen.size > 100) seen.clear();
      seen.add(event.data);
    };
    const tell = (arrival: Arrival): void => {
      if (seen.delete(arrival.message.id) || isLookedAt()) return;
      const { notifications, notificationsOffered } = latest.current.settingsState;
      if (!isWorthy(arrival, notifications)) return;
      const permission = permissionNow();
      if (permission === 'granted') show(arrival);
      else if (permission === 'default' && !notificationsOffered) setOffering(true);
    };
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = onArrival((arrival) => {
      if (isLookedAt()) {
        tabs.postMessage(arrival.message.id);
        return;
      }
      const timer = setTimeout(() => {
        timers.delete(timer);
        tell(arrival);
      }, tabPatience);
      timers.add(timer);
    });
    // What is seen in the page needs no notification any more.
    const onLook = (): void => {
      if (!isLookedAt()) return;
      for (const notification of shown) notification.close();
      shown.clear();
    };
    window.addEventListener('focus', onLook);
    document.addEventListener('visibilitychange', onLook);
    return () => {
      stop();
      tabs.close();
      for (const timer of timers) clearTimeout(timer);
      window.removeEventListener('focus', onLook);
      document.removeEventListener('visibilitychange', onLook);
    };
  }, [onArrival, actions]);

  return {
    offering: offering && !settingsState.notificationsOffered,
    answer(yes) {
      setOffering(false);
      settings.setChoice({ notificationsOffered: true });
      if (yes) void askPermission();
    },
  };
}
