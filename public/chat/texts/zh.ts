/** The chat page in Chinese (simplified). The shape, and what each text is for, is in table.ts. */
import { createFormats } from './formats.ts';
import type { Texts } from './table.ts';
import { conversationZh } from './zh-conversation.ts';
import { panelsZh } from './zh-panels.ts';

const format = createFormats('zh-CN');

const willGoOut = (waiting: number) =>
  waiting === 0 ? '' : `恢复后会自动发出 ${format.number(waiting)} 条消息。`;

const soon = (seconds: number) =>
  seconds <= 0 ? '正在重新连接…' : `${format.number(seconds)} 秒后重新连接。`;

const transports = {
  websocket: 'WebSocket',
  'event-stream': '事件流',
  'fetch-stream': '请求流',
  'long-poll': '长轮询',
  'short-poll': '短轮询',
} as const;

const failure: Texts['failure'] = {
  malformed: () => '服务器读不懂这条消息，请重新加载页面后再试。',
  'unknown-event': () => '服务器不认识这类消息，请重新加载页面后再试。',
  invalid(failure) {
    if (failure.field === 'image.length') return '图片超过了服务器的大小限制，请缩小后再发。';
    if (failure.field === 'image.pixels') return '图片的像素太多，服务器处理不了，请缩小后再发。';
    if (failure.field === 'image.type')
      return '服务器无法识别这张图片，请换一张，或另存为 PNG 或 JPEG 再发。';
    return '服务器不接受这样的内容，请修改后再试。';
  },
  'signed-out': () => '还没确认送达，你就退出了登录。如果聊天里没有它，请再发一次。',
  'signed-in': () => '你已经登录了，请重新加载页面。',
  'name-taken': () => '这个名字已经有人用了，请换一个。',
  'password-needed': () => '这个名字设有密码，请输入密码，或换个名字。',
  'password-wrong': (failure) =>
    failure.field?.includes('server') ? '这不是服务器的密码，请向管理者询问。' : '密码不对，请再试一次。',
  'invitation-needed': () => '只有受邀的人，或知道服务器密码的人才能进来，请向管理者要一个链接。',
  'invitation-unknown': () => '这个邀请已用完、过期或有误，请再要一个。',
  'token-unknown': () => '登录已过期，再进入一次就能继续。',
  'token-expired': () => '登录已过期，再进入一次就能继续。',
  'device-unknown': () => '那台设备已经退出了。',
  'room-unknown': () => '没有这个房间，或者它不公开而你不在其中。',
  'room-exists': () => '已经有同名的房间了，换个名字，或者加入那一个。',
  'not-joined': () => '你已不在这个房间，重新加入后可以继续。',
  forbidden: () => '你没有权限，需要由管理员或房主来做。',
  banned: (failure) =>
    failure.retryAfter === undefined
      ? '你被禁止进入这里。'
      : `你被禁止进入这里，还剩 ${format.duration(failure.retryAfter)}。`,
  muted: (failure) =>
    failure.retryAfter === undefined
      ? '管理员把你禁言了：你可以看，但不能发言。'
      : `管理员把你禁言了，还剩 ${format.duration(failure.retryAfter)}。`,
  'slow-mode': (failure) => `房间开了慢速模式，${format.seconds(failure.retryAfter ?? 1000)}后可以再发。`,
  'member-unknown': () => '已经没有这个人了。',
  'message-unknown': () => '那条消息已经不在了。',
  'image-unknown': () => '服务器上已没有这张图片，请重新添加。',
  'nonce-reused': () => '这条消息和之前的一条混淆了，请复制后重新发送。',
  'rate-limited': (failure) =>
    failure.retryAfter === undefined
      ? '发得太快了，请稍等片刻再试。'
      : `发得太快了，请在 ${format.seconds(failure.retryAfter)}后再试。`,
  'too-many': () => '超过了服务器允许的数量，请先删掉一些。',
  unsupported: () => '现在的连接方式做不到这一点，等网络好些再试。',
  internal: () => '服务器出了点问题，不是你的原因，请稍后再试。',
};

export const zh: Texts = {
  language: 'zh',
  tag: 'zh-CN',
  format,
  ...conversationZh,
  ...panelsZh(format),

  app: {
    title: (room, unread) => `${unread === 0 ? '' : `(${format.number(unread)}) `}${room} · barewire`,
    skipToMessages: '跳到消息',
    skipToComposer: '跳到输入框',
    loading: '加载中…',
    restoring: '欢迎回来，正在打开聊天…',
    failed: '页面出错了。已发出的内容不会丢，重新加载即可继续。',
    reload: '重新加载',
    close: '关闭',
    cancel: '取消',
    back: '返回',
  },

  signIn: {
    heading: '进来聊聊',
    lead: '起个名字就能开始，不用注册。',
    nameLabel: '你的名字',
    placeholder: '大家怎么称呼你？',
    hint: '1 到 32 个字符，这里的人都能看到。',
    submit: '进入',
    entering: '正在进入…',
    waiting: '正在等待连接，连上后会立刻进入。',
    promise: '这个浏览器会保持登录，期间别人无法使用你的名字。之后设个密码，名字就一直归你。',
    problem: {
      empty: '先起个名字吧。',
      'too-long': '名字太长了，最多 32 个字符。',
      invisible: '名字里有看不见的字符，请使用文字、数字或表情。',
    },
    taken: (name) => `已经有人叫“${name}”了。`,
    useSuggestion: (suggestion) => `改用“${suggestion}”`,
    ended: '登录已过期，再进入一次就能继续。',
    invited: '有人邀请你',
    needed: {
      password: '首次进入需要这台服务器的密码，可以向管理者询问。',
      invitation: '这台服务器只对受邀的人开放，请打开别人给你的链接。',
      either: '有邀请链接，或者知道服务器密码，就可以进来。',
    },
    kept: (name) => `“${name}”设有密码。如果名字是你的，请输入密码。`,
    passwordLabel: '这个名字的密码',
    serverPasswordLabel: '这台服务器的密码',
    haveServerPassword: '我知道服务器密码',
    wrong: {
      name: '这不是该名字的密码，请再试一次，或换个名字。',
      server: '这不是服务器的密码，请向管理者询问。',
    },
    passwordMissing: '请先输入密码。',
    showPassword: '显示密码',
    hidePassword: '隐藏密码',
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
    transports,
    stripLine: (roundTripTime, transport) =>
      roundTripTime === undefined
        ? transports[transport]
        : `${format.duration(roundTripTime)} · ${transports[transport]}`,
    stripButton: (line) => `连接：${line}。查看详情`,
  },

  connectionDetails: {
    heading: '连接',
    state: '状态',
    transport: '传输方式',
    own: '连接由这个标签页持有。',
    shared: '共用连接：由另一个标签页持有，所有标签页一起使用。',
    about: {
      websocket: '一条连接，双向收发。',
      'event-stream': '服务器用事件流推送，你的内容用普通请求发出。',
      'fetch-stream': '服务器用一个不结束的响应推送，你的内容用普通请求发出。',
      'long-poll': '请求先在服务器上等着，有消息才返回。',
      'short-poll': '网络只允许普通请求，页面会隔一会儿问一次。',
    },
    roundTripTime: '往返时间',
    connectedFor: '已连接',
    sent: '已发送',
    received: '已接收',
    traffic: (messages, octets) => `${format.number(messages)} 条，${format.octets(octets)}`,
    resumes: '断线续传',
    resumed: (count) => (count === 0 ? '没有发生过' : `${format.number(count)} 次，没有漏掉任何消息`),
    lastClose: '上次断开',
    closed: (code, reason, time, transport) =>
      `${time}，${transport}，代码 ${code}${reason === '' ? '' : `（${reason}）`}`,
    neverClosed: '打开页面以来没有断开过',
    unknown: '暂时未知',
    reconnectNow: '立即重试',
    legend: '每一道刻度是线路上的一帧：向上是你发出的，向下是你收到的，越高越大。',
    kinds: {
      text: '文本',
      binary: '二进制',
      continuation: '续帧',
      ping: '心跳',
      pong: '心跳回应',
      close: '关闭',
      error: '错误',
    },
    compressed: '已压缩',
    draw: '画出线路',
    fold: '收起线路',
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
    label: (name) => `${name}：偏好与退出`,
    theme: '外观',
    themes: { system: '跟随系统', light: '浅色', dark: '深色' },
    language: '语言',
    languages: { system: '跟随浏览器', en: 'English', zh: '中文' },
    enterKey: 'Enter 键',
    enterKeys: { send: '发送', 'new-line': '换行' },
    preferences: '偏好设置',
    devices: '设备',
    password: '名字的密码',
    keys: '键盘快捷键',
    logOut: '退出登录',
    logOutHint: '退出这台设备上的所有标签页。',
    logOutWaiting: (count) => `还有 ${format.number(count)} 条消息没有发出，退出后会丢失。仍要退出吗？`,
  },

  keys: {
    heading: '键盘快捷键',
    send: '发送消息',
    newLine: '换行',
    closeLayer: '关闭最上层',
    listKeys: '显示这份列表',
    jump: '前往房间、成员或命令',
    search: '搜索消息',
    editLast: '修改你的上一条消息',
    writing: '书写',
    moving: '浏览',
    page: '通用',
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
    zoomIn: '放大',
    zoomOut: '缩小',
    zoomed: (share) => format.percent(share),
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
          return '你已在另一个标签页或设备上退出登录。';
        case 'history-failed':
          return '更早的消息加载失败，向上滚动可以再试。';
        case 'message-gone':
          return '那条消息已经不在了。';
        case 'room-gone': {
          const why = toast.reason === '' ? '' : `理由：“${toast.reason}”`;
          if (toast.why === 'left') return `你已离开 ${toast.name}。`;
          return toast.why === 'kicked'
            ? `你被请出了 ${toast.name}。${why}`
            : `你被禁止进入 ${toast.name}。${why}`;
        }
        case 'copied':
          return '已复制。';
        case 'refused':
          return failure[toast.failure.code](toast.failure);
      }
    },
  },

  failure,
};
