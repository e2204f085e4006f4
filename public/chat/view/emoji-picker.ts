/** Loads emoji-picker-element, which is a chunk of its own, and sets it up in our words with data from our origin. */

import type { I18n } from 'emoji-picker-element/shared';
import type { Texts } from '../texts.ts';
import { emojiSources } from './emoji-data.ts';

export type EmojiPicker = InstanceType<typeof import('emoji-picker-element/picker.js')['default']>;

/** A picker that is not in the page yet. @throws when the chunk cannot be loaded */
export async function loadEmojiPicker(texts: Texts): Promise<EmojiPicker> {
  const { default: Picker } = await import('emoji-picker-element/picker.js');
  return new Picker({
    locale: texts.language,
    dataSource: emojiSources[texts.language],
    i18n: words(texts),
    skinToneEmoji: '✋',
  });
  // emojiVersion is left out on purpose: then the picker measures what this system can draw, and shows no boxes.
}

function words({ emoji }: Texts): I18n {
  return {
    categories: emoji.categoryNames,
    categoriesLabel: emoji.categories,
    emojiUnsupportedMessage: emoji.loadFailed,
    favoritesLabel: emoji.recent,
    loadingMessage: emoji.loading,
    networkErrorMessage: emoji.loadFailed,
    regionLabel: emoji.regionLabel,
    searchDescription: emoji.searchHint,
    searchLabel: emoji.search,
    searchResultsLabel: emoji.heading,
    skinToneDescription: emoji.skinToneHint,
    skinToneLabel: emoji.chooseSkinTone('{skinTone}'),
    skinTones: [...emoji.skinToneNames],
    skinTonesLabel: emoji.skinTones,
  };
}
