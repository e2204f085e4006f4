/** The chat page in Chinese (simplified). The shape, and what each text is for, is in table.ts. */
import { createFormats } from './formats.ts';
import type { Texts } from './table.ts';

const format = createFormats('zh-CN');

const willGoOut = (waiting: number) =>
  waiting === 0 ? '' : `恢复后会自动发出 ${format.number(waiting)} 条消息。`;

const soon = (seconds: number) =>
  seconds <= 0 ? '正在重新连接…' : `${format.number(seconds)} 秒后重新连接。`;

export const zh: Texts = {
  language: 'zh',
  tag: 'zh-CN',
  format,

  app: {
    title: (room, unread) => `${unread === 0 ? '' : `(${format.number(unread)}) `}#${room} · barewire`,
    tagline: '看得见线路的聊天室。',
    description: '运行在手写 WebSocket 服务器上的群聊。',
    skipToMessages: '跳到消息',
    skipToComposer: '跳到输入框',
    loading: '加载中…',
    restoring: '欢迎回来，正在打开聊天…',
    scriptNeeded: '聊天需要 JavaScript，请为本站启用后重新加载。',
    failed: '页面出错了。已发出的内容不会丢，重新加载即可继续。',
    reload: '重新加载',
    close: '关闭',
    cancel: '取消',
    back: '返回',
  },

  signIn: {
    heading: '进来聊聊',
    lead: '起个名字就能开始，不用注册，也不用密码。',
    nameLabel: '你的名字',
    placeholder: '大家怎么称呼你？',
    hint: '1 到 32 个字符，这里的人都能看到。',
    submit: '进入',
    entering: '正在进入…',
    waiting: '正在等待连接，连上后会立刻进入。',
    avatar: '你的头像，由名字生成。',
    promise: '这个浏览器会被记住 24 小时，期间别人无法使用你的名字。',
    problem: {
      empty: '先起个名字吧。',
      'too-long': '名字太长了，最多 32 个字符。',
      invisible: '名字里有看不见的字符，请使用文字、数字或表情。',
    },
    taken: (name) => `已经有人叫“${name}”了。`,
    useSuggestion: (suggestion) => `改用“${suggestion}”`,
    ended: '登录已过期，再进入一次就能继续。',
  },

  room: {
    name: (room) => `#${room}`,
    rooms: '房间',
    conversation: (room) => `#${room} 的聊天内容`,
    emptyTitle: '还没有人说话',
    emptyBody: '来说第一句吧，后来的人也能看到。',
    beginning: (room) => `#${room} 从这里开始。`,
    loadingOlder: '正在加载更早的消息…',
    loadOlder: '加载更早的消息',
    gap: '中间有些消息尚未加载。',
    loadGap: '加载',
    newMessages: (count) => `${format.number(count)} 条新消息`,
    newLine: (count) => `${format.number(count)} 条新消息`,
    jumpToNewest: '回到最新消息',
    joined: (name) => `${name} 进来了`,
    left: (name) => `${name} 离开了`,
    joinedMany: (names) => `${format.list(names)}进来了`,
    leftMany: (names) => `${format.list(names)}离开了`,
    openRooms: '查看房间',
    openPeople: '查看在场的人',
  },

  people: {
    heading: '成员',
    here: (count) => `${format.number(count)} 人在场`,
    you: '你',
    nameAndYou: (name) => `${name}（你）`,
    avatarOf: (name) => `${name} 的头像`,
    alone: '目前只有你一个人。把这个网址发给朋友，请他们进来。',
  },

  message: {
    by: (name, time) => `${name}，${time}`,
    own: (time) => `你，${time}`,
    copy: '复制文字',
    copied: '已复制',
    actions: '消息操作',
    image: (name) => `${name} 发的图片`,
    openImage: (name) => `查看 ${name} 发的原图`,
    imageFailed: '图片加载失败。',
    imageLoading: '图片加载中…',
  },

  composer: {
    label: (room) => `发到 #${room} 的消息`,
    placeholder: (room) => `在 #${room} 说点什么…`,
    placeholderOffline: '接着写，连上就发。',
    send: '发送',
    attach: '添加图片',
    emoji: '添加表情',
    dropHere: '松开即可发送图片',
    imageRule: (limit) => `支持 PNG、JPEG、GIF、WebP 和 AVIF，每张不超过 ${format.octets(limit)}`,
    hint: 'Enter 发送，Shift + Enter 换行',
    charactersLeft: (count) =>
      count >= 0 ? `还可以写 ${format.number(count)} 个字符` : `超出 ${format.number(-count)} 个字符`,
    tooLong: (limit) => `超过 ${format.number(limit)} 个字符了，请缩短或分几条发送。`,
  },

  emoji: {
    heading: '表情',
    loadFailed: '表情加载失败，请关闭后重新打开。',
    search: '搜索',
    searchHint: '按上下方向键浏览结果，按 Enter 选择。',
    noResults: '没有找到这样的表情。',
    loading: '加载中…',
    recent: '最近使用',
    categories: '分类',
    emoji: '表情',
    regionLabel: '表情选择器',
    chooseSkinTone: (tone) => `选择肤色（当前：${tone}）`,
    skinTones: '肤色',
    skinToneHint: '按上下方向键浏览肤色，按 Enter 选择。',
    skinToneNames: ['默认', '浅色', '中等偏浅', '中等', '中等偏深', '深色'],
    categoryNames: {
      'smileys-emotion': '笑脸与情感',
      'people-body': '人物与身体',
      'animals-nature': '动物与自然',
      'food-drink': '食物与饮料',
      'travel-places': '旅行与地点',
      activities: '活动',
      objects: '物品',
      symbols: '符号',
      flags: '旗帜',
      custom: '更多',
    },
  },

  outgoing: {
    pending: '等待发送',
    waitingForConnection: '恢复连接后发出',
    uploading: (progress) => `正在上传，${format.percent(progress)}`,
    sending: '发送中…',
    failed: '未发出',
    retry: '重试',
    copy: '复制',
    discard: '丢弃',
    cancelUpload: '取消上传',
    imageNamed: (file) => `你的图片 ${file}`,
  },

  connection: {
    connecting: '正在连接…',
    reconnecting: '正在重新连接…',
    open: '已连接',
    slow: '网络较慢',
    slowBanner: '网络较慢，消息可能要稍等片刻。',
    offline: '离线',
    offlineBanner: (waiting) => `当前离线。${willGoOut(waiting)}`,
    retryIn: soon,
    lostBanner: (seconds, waiting) => `连接断开了，${soon(seconds)}${willGoOut(waiting)}`,
    restartingBanner: (seconds, waiting) => `服务器正在重启，马上回来。${soon(seconds)}${willGoOut(waiting)}`,
    restarting: '服务器重启中',
    tryNow: '立即重试',
    stoppedTitle: '页面版本过旧',
    stopped: '服务器已更新，使用了新的协议。请重新加载页面后继续。',
    roundTrip: (milliseconds) => format.duration(milliseconds),
    transport: 'WebSocket',
    stripLine: (roundTripTime) =>
      roundTripTime === undefined ? 'WebSocket' : `${format.duration(roundTripTime)} · WebSocket`,
    stripButton: (line) => `连接：${line}。查看详情`,
  },

  connectionDetails: {
    heading: '连接',
    state: '状态',
    transport: '传输方式',
    roundTripTime: '往返时间',
    connectedFor: '已连接',
    sent: '已发送',
    received: '已接收',
    traffic: (messages, octets) => `${format.number(messages)} 条，${format.octets(octets)}`,
    reconnects: '重连次数',
    lastClose: '上次断开',
    closed: (code, reason, time) => `${time}，代码 ${code}${reason === '' ? '' : `（${reason}）`}`,
    neverClosed: '打开页面以来没有断开过',
    unknown: '暂时未知',
    reconnectNow: '立即重连',
    legend: '每一道刻度是一条消息：向上是你发出的，向下是你收到的。',
    up: '发出',
    down: '收到',
    kinds: { text: '文本', binary: '二进制', ping: '心跳', pong: '心跳回应', close: '关闭', error: '错误' },
    closeMeaning(code) {
      switch (code) {
        case 1000:
          return '正常关闭。';
        case 1001:
          return '对方离开了。';
        case 1002:
          return '有一帧违反了协议。';
        case 1003:
          return '收到了这里不接受的数据类型。';
        case 1005:
          return '关闭时没有给出代码。';
        case 1006:
          return '连接突然中断，没有告别：可能是网络问题，也可能是服务器停了。';
        case 1007:
          return '有一段文本不是有效的 UTF-8。';
        case 1008:
          return '服务器拒绝继续，原因见说明。';
        case 1009:
          return '有一条消息过大。';
        case 1010:
          return '缺少必需的扩展。';
        case 1011:
          return '服务器内部出错。';
        case 1012:
          return '服务器正在重启。';
        case 1013:
          return '服务器过忙，或者这边接收得太慢。';
        case 4000:
          return '服务器没有及时回应，页面主动断开了。';
        default:
          return '没有通用含义的代码。';
      }
    },
  },

  menu: {
    label: (name) => `${name}：设置与退出`,
    theme: '外观',
    themes: { system: '跟随系统', light: '浅色', dark: '深色' },
    language: '语言',
    languages: { system: '跟随浏览器', en: 'English', zh: '中文' },
    keys: '键盘快捷键',
    logOut: '退出',
    logOutHint: '所有标签页一起退出，名字立即释放。',
    logOutWaiting: (count) => `还有 ${format.number(count)} 条消息没有发出，退出后会丢失。仍要退出吗？`,
  },

  keys: {
    heading: '键盘快捷键',
    send: '发送消息',
    newLine: '换行',
    closeLayer: '关闭最上层',
    listKeys: '显示这份列表',
    focusComposer: '跳到输入框',
    emoji: '打开表情选择器',
    attach: '添加图片',
    people: '显示或隐藏成员',
    older: '滚动到更早的消息',
    newest: '回到最新消息',
    viewer: '上一张或下一张图片',
    moveInMessages: '在消息之间移动',
  },

  viewer: {
    label: (author, time) => `${author} 发的图片，${time}`,
    close: '关闭图片',
    previous: '上一张',
    next: '下一张',
    open: '在新标签页中打开',
    download: '下载',
    details: (width, height, length) => `${width} × ${height}，${format.octets(length)}`,
    position: (index, count) => `第 ${format.number(index)} 张，共 ${format.number(count)} 张`,
    failed: '图片加载失败，请检查网络后重新打开。',
  },

  toast: {
    region: '通知',
    dismiss: '知道了',
    text(toast) {
      switch (toast.id) {
        case 'image-too-large':
          return `“${toast.file}”有 ${format.octets(toast.length)}，而每张图片最大 ${format.octets(toast.limit)}。请缩小后再试。`;
        case 'image-type':
          return `“${toast.file}”不是可以发送的图片，请使用 PNG、JPEG、GIF、WebP 或 AVIF。`;
        case 'image-unreadable':
          return `无法读取“${toast.file}”，请确认文件还在且不是空的。`;
        case 'rate-limited':
          return `发得太快了，剩下的会在 ${format.seconds(toast.retryAfter)}后自动发出。`;
        case 'signed-out-elsewhere':
          return '你已在另一个标签页退出。';
        case 'history-failed':
          return '更早的消息加载失败，向上滚动可以再试。';
      }
    },
  },

  announce: {
    message: (name, text) => `${name}：${text}`,
    image: (name) => `${name} 发了一张图片`,
    messages: (count) => `${format.number(count)} 条新消息`,
    sent: '已发送',
    failed: '有一条消息没有发出',
    connected: '已恢复连接',
    disconnected: '连接已断开',
    entered: (room, people) =>
      people === 1
        ? `你已进入 #${room}，目前只有你一个人。`
        : `你已进入 #${room}，共有 ${format.number(people)} 人在场。`,
    olderLoaded: (count) => `已加载 ${format.number(count)} 条更早的消息`,
  },

  failure: {
    malformed: () => '服务器读不懂这条消息，请重新加载页面后再试。',
    'unknown-event': () => '服务器不认识这类消息，请重新加载页面后再试。',
    invalid(failure) {
      if (failure.field === 'image.length') return '图片超过了服务器的大小限制，请缩小后再发。';
      if (failure.field === 'image.pixels') return '图片的像素太多，服务器处理不了，请缩小后再发。';
      if (failure.field === 'image.type')
        return '服务器无法识别这张图片，请换一张，或另存为 PNG 或 JPEG 再发。';
      return '服务器不接受这条消息，请修改后再发。';
    },
    'signed-out': () => '还没确认送达，你就退出了登录。如果聊天里没有它，请再发一次。',
    'signed-in': () => '你已经登录了，请重新加载页面。',
    'name-taken': () => '这个名字已经有人用了，请换一个。',
    'token-unknown': () => '登录已过期，再进入一次就能继续。',
    'room-unknown': () => '这个房间已经不在了。',
    'image-unknown': () => '服务器上已没有这张图片，请重新添加。',
    'nonce-reused': () => '这条消息和之前的一条混淆了，请复制后重新发送。',
    'rate-limited': (failure) =>
      failure.retryAfter === undefined
        ? '发得太快了，请稍等片刻再试。'
        : `发得太快了，请在 ${format.seconds(failure.retryAfter)}后再试。`,
    internal: () => '服务器出了点问题，不是你的原因，请稍后再试。',
  },
};
