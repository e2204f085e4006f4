/** The words around the conversation in Chinese. The shape, and what each text is for, is in conversation-table.ts. */
import type { ConversationTexts } from './conversation-table.ts';
import { createFormats } from './formats.ts';

const format = createFormats('zh-CN');

/** More than this many in one sentence are named in part, and counted. */
const maximumNamed = 6;

const people = (names: readonly string[]) => {
  if (names.length <= maximumNamed) return format.list(names);
  const named = names.slice(0, maximumNamed - 2);
  return `${named.join('、')} 等 ${format.number(names.length)} 人`;
};

const because = (reason: string) => (reason === '' ? '' : `，理由：“${reason}”`);

const roles = { owner: '房主', moderator: '管理员', member: '普通成员' } as const;

export const conversationZh: ConversationTexts = {
  sidebar: {
    rooms: '房间',
    direct: '私信',
    browse: '查找房间',
    create: '新建房间',
    unread: (count) => `${format.number(count)} 条未读`,
    mentions: (count) => `${format.number(count)} 条提到你`,
    muted: '已静音',
    privateRoom: '私密房间',
    open: '显示房间',
    openWithUnread: '显示房间，有未读消息',
  },

  head: {
    people: (here, total) =>
      here === total
        ? `${format.number(here)} 人在线`
        : `${format.number(total)} 人中 ${format.number(here)} 人在线`,
    members: '成员',
    search: '搜索消息',
    roomMenu: '关于这个房间',
    panel: '侧栏',
  },

  timeline: {
    roomName: (name, direct) => (direct ? name : `#${name}`),
    conversation: (name) => `${name} 的对话`,
    newLine: (count) => (count === undefined ? '新消息' : `${format.number(count)} 条新消息`),
    newBelow: (count) => `${format.number(count)} 条新消息`,
    jumpToNewest: '回到最新消息',
    loadOlder: '加载更早的消息',
    loadNewer: '加载更新的消息',
    loading: '正在加载消息…',
    beginning: (name) => `${name} 从这里开始。`,
    beginningDirect: (name) => `你和 ${name} 的对话从这里开始。`,
    emptyTitle: '还没有人说话',
    emptyBody: '说第一句吧，后来的人也能看到。',
    emptyDirect: (name) => `这里的内容只有你和 ${name} 能看到。`,
    stale: '这是本机保存的内容。恢复联网后会加载之后的消息。',
    failedTitle: '打不开这个房间',
    openAgain: '重试',
    toDefaultRoom: '前往 #general',
    preview: (name) => `你正在房间外浏览 ${name}。加入后就能发言并收到新消息。`,
    join: '加入',
    joining: '正在加入…',
    joinOffline: '现在没有连接，恢复联网后请再试。',
  },

  notice: {
    created: (by, name) => (name === '' ? `${by} 开始了这段对话` : `${by} 创建了房间 #${name}`),
    joined: (names) => `${people(names)} 加入了`,
    left: (names) => `${people(names)} 离开了`,
    kicked: (by, name, reason) => `${by} 将 ${name} 移出了房间${because(reason)}`,
    banned: (by, name, reason) => `${by} 禁止 ${name} 进入房间${because(reason)}`,
    renamed: (by, name) => `${by} 把房间改名为 #${name}`,
    topic: (by, topic) => `${by} 设置了主题：${topic}`,
    topicCleared: (by) => `${by} 去掉了主题`,
    role: (by, name, role) => `${by} 将 ${name} 设为${roles[role]}`,
    slow: (by, seconds) => `${by} 开启了慢速模式：每 ${format.seconds(seconds * 1000)}一条消息`,
    slowOff: (by) => `${by} 关闭了慢速模式`,
    more: (count) => `还有 ${format.number(count)} 项变动`,
    fewer: '收起',
  },

  message: {
    by: (name, time) => `${name}，${time}`,
    own: (time) => `你，${time}`,
    you: '你',
    bot: '机器人',
    edited: '已编辑',
    editedHint: (time) => `${time}编辑过，查看之前的版本`,
    deleted: '这条消息已删除。',
    deletedBy: (name) => `这条消息已被 ${name} 删除。`,
    quoteOf: (name) => `回复 ${name}，前往那条消息`,
    permalink: (time) => `这条消息的链接，${time}`,
    actions: '消息操作',
    react: '回应',
    addReaction: '添加回应',
    reply: '回复',
    edit: '编辑',
    more: '更多操作',
    copyText: '复制文字',
    copyLink: '复制链接',
    delete: '删除…',
    image: (name) => `${name} 的图片`,
    imageExcerpt: '图片',
    openImage: (name) => `查看 ${name} 的原图`,
    imageFailed: '这张图片无法加载。',
    reactedWith: (names, emoji) => `${format.list(names)} 回应了 ${emoji}`,
    andOthers: (count) => `另外 ${format.number(count)} 人`,
    copyCode: '复制代码',
    showAll: '展开全文',
    showLess: '收起',
    versions: '之前的版本',
    versionNow: '现在',
    loading: '正在加载…',
    versionsOffline: '现在没有连接，恢复联网后请再试。',
    deleteNow: '删除',
    deleteTitle: '删除这条消息？',
    deleteOwn: '所有人都将看不到它，而且无法恢复。',
    deleteOthers: (name) => `这是 ${name} 的消息。所有人都将看不到它，操作记录里会写明是你删除的。`,
    cancel: '取消',
  },

  composer: {
    label: (name) => `发给 ${name} 的消息`,
    placeholder: (name) => `发消息到 ${name}…`,
    placeholderOffline: '可以继续写，稍后发出。',
    send: '发送',
    save: '保存修改',
    attach: '添加图片',
    emoji: '添加表情',
    dropHere: '把图片拖到这里发送',
    imageRule: (limit) => `PNG、JPEG、GIF、WebP 或 AVIF，每张不超过 ${limit}`,
    hint: 'Enter 发送，Shift + Enter 换行，上方向键编辑上一条消息',
    hintNewLine: 'Shift + Enter 发送，Enter 换行，上方向键编辑上一条消息',
    charactersLeft: (count) =>
      count >= 0 ? `还可输入 ${format.number(count)} 个字` : `超出 ${format.number(-count)} 个字`,
    tooLong: (limit) => `超过了 ${format.number(limit)} 个字，请缩短或分几次发送。`,
    replyingTo: (name) => `回复 ${name}`,
    editing: '编辑消息',
    cancelReply: '取消回复',
    cancelEdit: '取消编辑',
    people: '成员',
    emojiList: '表情',
    everyone: '房间里的所有人',
    suggestions: (count) => `${format.number(count)} 个建议。用上下键选择，按 Enter 采用。`,
    typing: (names, more) =>
      more > 0
        ? `${names.join('、')} 等 ${format.number(names.length + more)} 人正在输入…`
        : `${format.list(names)} 正在输入…`,
    muted: (until) => `在 ${until} 之前你不能在这里发言，但仍可阅读。`,
    slowMode: (seconds) => `慢速模式：每 ${seconds}一条消息`,
    slowWait: (seconds) => `慢速模式：${seconds} 后可以发下一条`,
  },

  outgoing: {
    pending: '等待中',
    waitingForConnection: '恢复联网后发出',
    uploading: (progress) => `正在上传，${progress}`,
    sending: '正在发送…',
    failed: '未发送。',
    editFailed: '修改没有保存。',
    deleteFailed: '消息没有删除。',
    reactionFailed: (emoji) => `回应 ${emoji} 没有保存。`,
    retry: '重试',
    copy: '复制',
    discard: '丢弃',
    cancelUpload: '取消上传',
    imageNamed: (file) => `你的图片 ${file}`,
  },

  announce: {
    message: (name, text) => `${name}：${text}`,
    image: (name) => `${name} 发来一张图片。`,
    failed: '有一条消息没有发出。',
    connected: '已重新连接。',
    disconnected: '连接断开。可以继续写，消息会等待发出。',
    entered: (room, people) => `你在 ${room}，这里有 ${format.number(people)} 人。`,
  },
};
