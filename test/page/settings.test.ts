import { expect, test, vi } from 'vitest';
import { createSettings, settingsKey } from '../../public/chat/settings.ts';
import { FakeStorage } from './fake-storage.ts';

function setUp(languages: readonly string[] = ['fr', 'zh-CN'], storage = new FakeStorage()) {
  let tell: (key: string | undefined) => void = () => {};
  const settings = createSettings({
    storage,
    languages: () => languages,
    onStorage(listener) {
      tell = listener;
      return () => {
        tell = () => {};
      };
    },
  });
  return { settings, storage, tell: (key: string | undefined) => tell(key) };
}

test('follows system and browser until something is chosen', () => {
  const { settings } = setUp();
  expect(settings.getState()).toEqual({
    theme: 'system',
    languageChoice: 'system',
    language: 'zh',
    enterKey: 'send',
    notifications: 'mentions',
    wire: 'drawn',
    notificationsOffered: false,
  });
});

test('keeps what is chosen, and can go back to the system', () => {
  const { settings, storage } = setUp();
  settings.setTheme('dark');
  settings.setLanguage('en');
  const again = setUp(['zh'], storage).settings;
  expect(again.getState()).toMatchObject({ theme: 'dark', languageChoice: 'en', language: 'en' });
  again.setLanguage('system');
  expect(again.getState()).toMatchObject({ theme: 'dark', languageChoice: 'system', language: 'zh' });
});

test('keeps the other choices beside them', () => {
  const { settings, storage } = setUp();
  settings.setChoice({ enterKey: 'new-line' });
  settings.setTheme('dark');
  settings.setChoice({ notifications: 'off', wire: 'folded', notificationsOffered: true });
  expect(setUp(['zh'], storage).settings.getState()).toEqual({
    theme: 'dark',
    languageChoice: 'system',
    language: 'zh',
    enterKey: 'new-line',
    notifications: 'off',
    wire: 'folded',
    notificationsOffered: true,
  });
});

test.each(['{', '{"theme":"pink"}', '7'])('a broken value (%j) is the default', (text) => {
  const storage = new FakeStorage();
  storage.setItem(settingsKey, text);
  expect(setUp(['en'], storage).settings.getState().theme).toBe('system');
});

test('tells listeners of changes here and in other tabs, until they leave', () => {
  const storage = new FakeStorage();
  const here = setUp(['en'], storage);
  const other = setUp(['en'], storage);
  const listener = vi.fn();
  const stop = here.settings.subscribe(listener);
  here.settings.setTheme('light');
  expect(listener).toHaveBeenCalledTimes(1);
  other.settings.setTheme('dark');
  here.tell('something-else');
  expect(here.settings.getState().theme).toBe('light');
  here.tell(settingsKey);
  expect(here.settings.getState().theme).toBe('dark');
  stop();
  here.settings.setTheme('system');
  expect(listener).toHaveBeenCalledTimes(2);
  here.settings.dispose();
  other.settings.setTheme('light');
  here.tell(undefined);
  expect(here.settings.getState().theme).toBe('system');
});
