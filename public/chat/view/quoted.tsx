/** What a message answers: who said it and how it begins. A click leads there. */
import type { JSX } from 'preact';
import type { Quote } from '../../../src/chat/events.ts';
import { Icon } from './icons.tsx';
import { excerptOf } from './markdown.ts';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

export function Quoted({ quote }: { readonly quote: Quote }): JSX.Element {
  const words = useWords().message;
  const { actions } = usePage();
  return (
    <button
      type="button"
      class="quoted"
      title={words.quoteOf(quote.author.name)}
      onClick={() => actions.jumpTo(quote.offset)}
    >
      <span class="quoted-author">
        <Icon name="reply" size={16} />
        <span class="ellipsis">{quote.author.name}</span>
      </span>
      <span class="quoted-text" dir="auto">
        {quote.excerpt === '' ? words.imageExcerpt : excerptOf(quote.excerpt)}
      </span>
    </button>
  );
}
