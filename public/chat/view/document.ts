/** What the settings change outside of the components: the language and the theme of the document. */
import type { SettingsState } from '../settings.ts';
import type { Texts } from '../texts.ts';

export function applySettings({ theme }: SettingsState, texts: Texts): void {
  const root = document.documentElement;
  root.lang = texts.tag;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  // Each meta names the colour for one scheme; a chosen theme overrides both.
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = (theme === 'system' ? own : theme) === 'dark' ? '#141618' : '#fbfaf8';
  }
}

/**
 * Keeps `--viewport-height` at the height that the keyboard of a phone leaves, for browsers that do not resize the
 * page for it (interactive-widget in index.html asks for that). A pinch is no keyboard: the scale is taken out.
 */
export function followKeyboard(): void {
  const viewport = window.visualViewport;
  if (viewport === null || viewport === undefined) return;
  const apply = (): void => {
    const height = Math.round(viewport.height * viewport.scale);
    document.documentElement.style.setProperty('--viewport-height', `${height}px`);
  };
  viewport.addEventListener('resize', apply);
  apply();
}
