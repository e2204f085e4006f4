/** The words around the conversation, in the language that the page speaks. */
import type { ConversationTexts } from '../texts/conversation-table.ts';
import { conversationEn } from '../texts/en-conversation.ts';
import { conversationZh } from '../texts/zh-conversation.ts';
import { usePage } from './page.ts';

export function useWords(): ConversationTexts {
  return usePage().texts.language === 'zh' ? conversationZh : conversationEn;
}
